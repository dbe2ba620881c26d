variable "services" {
  description = "The services, by their names, with a default for whatever is not given."
  type = map(object({
    # Where the tasks run: fargate, with the tasks that stay on demand and the shares of Fargate and Fargate Spot, or ec2.
    capacity = optional(object({
      kind                = optional(string, "fargate")
      fargate_base        = optional(number, 0)
      fargate_weight      = optional(number, 1)
      fargate_spot_weight = optional(number, 0)
    }), {})

    # Size of a task: CPU units, MiB, X86_64 or ARM64, GPUs, GiB of disk; seconds from SIGTERM to SIGKILL; what may be written; EFS file systems, each by an access point.
    task = optional(object({
      cpu                   = optional(number, 1024)
      memory                = optional(number, 2048)
      cpu_architecture      = optional(string, "X86_64")
      gpus                  = optional(number, 0)
      ephemeral_storage_gib = optional(number)
      stop_timeout_seconds  = optional(number, 30)
      writable_paths        = optional(list(string), ["/tmp"])
      file_systems = optional(map(object({
        id                = string
        access_point_id   = string
        path              = string
        read_only         = optional(bool, false)
        security_group_id = string
      })), {})
    }), {})

    # The container. repository_name: default the name of the service. port: null for a worker that listens on none. secrets: name = ARN.
    container = optional(object({
      repository_name      = optional(string)
      bootstrap_image      = optional(string)
      port                 = optional(number)
      environment          = optional(map(string), {})
      secrets              = optional(map(string), {})
      secrets_kms_key_arns = optional(list(string), [])
      health_check         = optional(list(string))
      command              = optional(list(string))
      waits_for            = optional(map(string), {})
      sidecars = optional(map(object({
        image        = string
        essential    = optional(bool, false)
        command      = optional(list(string))
        environment  = optional(map(string), {})
        secrets      = optional(map(string), {})
        port         = optional(number)
        cpu          = optional(number)
        memory       = optional(number)
        health_check = optional(list(string))
        depends_on   = optional(map(string), {})
      })), {})
    }), {})

    # IAM policies (JSON): what the application may do, and what the execution role may do besides.
    roles = optional(object({
      task_policy      = optional(string)
      execution_policy = optional(string)
    }), {})

    # Ways out beside HTTPS, each to an address range or a security group; further security groups of the tasks.
    network = optional(object({
      security_group_ids = optional(list(string), [])
      egress = optional(list(object({
        port              = number
        protocol          = optional(string, "tcp")
        cidr              = optional(string)
        security_group_id = optional(string)
      })), [])
    }), {})

    # Which requests the service gets; null: it has no load balancer. One service of the stack has neither hosts nor paths and gets the rest.
    load_balancer = optional(object({
      hosts                = optional(list(string), [])
      paths                = optional(list(string), [])
      priority             = optional(number)
      grace_seconds        = optional(number, 60)
      deregistration_delay = optional(number, 30)
      stickiness_seconds   = optional(number)
      protocol_version     = optional(string, "HTTP1")
      health_check = optional(object({
        path                = optional(string, "/health")
        matcher             = optional(string, "200")
        interval            = optional(number, 10)
        timeout             = optional(number, 5)
        healthy_threshold   = optional(number, 2)
        unhealthy_threshold = optional(number, 3)
      }), {})
    }))

    # Service Connect: other services reach this one as dns_name (default: its name) and port (default: the container's); server = false: it only reaches others. null: neither.
    connect = optional(object({
      server   = optional(bool, true)
      dns_name = optional(string)
      port     = optional(number)
    }))

    # Tasks: at first, least, most; targets of CPU and memory in percent and of requests to a task in a minute; schedules, each a cron or rate expression with a range.
    scaling = optional(object({
      desired        = optional(number)
      min            = optional(number, 1)
      max            = optional(number, 4)
      cpu_percent    = optional(number, 70)
      memory_percent = optional(number, 80)
      requests       = optional(number)
      schedules = optional(map(object({
        at       = string
        min      = number
        max      = number
        timezone = optional(string, "Etc/UTC")
      })), {})
    }), {})

    # Least and most tasks during a deployment in percent, and whether the alarms of the service fail it.
    deployment = optional(object({
      minimum_percent = optional(number, 100)
      maximum_percent = optional(number, 200)
      alarms          = optional(bool, true)
      alarm_names     = optional(list(string), [])
    }), {})
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9-]{1,15}$", name)) && !can(regex("--|-$", name)) && name != "exec"])
    error_message = "services must have names of 2 to 16 small letters, digits and single hyphens, other than exec."
  }

  validation {
    condition = alltrue([for service in values(var.services) : service.capacity.kind == "ec2" ? service.task.memory >= 128 : contains(lookup({
      "256"   = [512, 1024, 2048]
      "512"   = range(1024, 4097, 1024)
      "1024"  = range(2048, 8193, 1024)
      "2048"  = range(4096, 16385, 1024)
      "4096"  = range(8192, 30721, 1024)
      "8192"  = range(16384, 61441, 4096)
      "16384" = range(32768, 122881, 8192)
    }, tostring(service.task.cpu), []), service.task.memory)])
    error_message = "task.cpu and task.memory of a service on Fargate must be a pair that Fargate has, such as 1024 and 2048."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : contains(["fargate", "ec2"], service.capacity.kind) && service.capacity.fargate_weight + service.capacity.fargate_spot_weight > 0])
    error_message = "capacity.kind must be fargate or ec2, and one of the two weights above 0."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : contains(["X86_64", "ARM64"], service.task.cpu_architecture) && (service.task.gpus == 0 || service.capacity.kind == "ec2")])
    error_message = "task.cpu_architecture must be X86_64 or ARM64, and task.gpus needs capacity.kind = ec2."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.task.stop_timeout_seconds >= 2 && service.task.stop_timeout_seconds <= 120])
    error_message = "task.stop_timeout_seconds must be from 2 to 120."
  }

  validation {
    condition = alltrue([for service in values(var.services) : length(distinct(concat(
      [for path in service.task.writable_paths : trim(replace(path, "/[^A-Za-z0-9]+/", "-"), "-")], keys(service.task.file_systems)
    ))) == length(service.task.writable_paths) + length(service.task.file_systems)])
    error_message = "task.writable_paths and task.file_systems must have names that differ in letters and digits: /a/b and /a-b would be one volume."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.container.port == null ? true : service.container.port >= 1 && service.container.port <= 65535])
    error_message = "container.port must be from 1 to 65535, or null."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.load_balancer == null && try(service.connect.server, false) == false ? true : service.container.port != null])
    error_message = "A service with a load_balancer, or one that others reach by connect, needs a container.port."
  }

  validation {
    condition     = alltrue(flatten([for service in values(var.services) : [for arn in concat(values(service.container.secrets), flatten([for sidecar in values(service.container.sidecars) : values(sidecar.secrets)])) : can(regex("^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[^*]+$", arn))]]))
    error_message = "container.secrets must be ARNs of Secrets Manager secrets or SSM parameters, without wildcards."
  }

  validation {
    condition     = alltrue(flatten([for service in values(var.services) : [for conditions in concat([service.container.waits_for], [for sidecar in values(service.container.sidecars) : sidecar.depends_on]) : [for condition in values(conditions) : contains(["START", "COMPLETE", "SUCCESS", "HEALTHY"], condition)]]]))
    error_message = "container.waits_for and depends_on of a sidecar must name START, COMPLETE, SUCCESS or HEALTHY for each container."
  }

  validation {
    condition     = alltrue(flatten([for service in values(var.services) : [for rule in service.network.egress : rule.port >= 1 && rule.port <= 65535 && contains(["tcp", "udp"], rule.protocol) && (rule.cidr == null) != (rule.security_group_id == null) && (rule.cidr == null || can(cidrnetmask(rule.cidr)))]]))
    error_message = "network.egress must have a port, tcp or udp, and either an IPv4 range or a security group."
  }

  validation {
    condition     = length([for service in values(var.services) : service if service.load_balancer == null ? false : length(service.load_balancer.hosts) + length(service.load_balancer.paths) == 0]) <= 1
    error_message = "Only one service can get the requests that no other does: give the others load_balancer.hosts or load_balancer.paths."
  }

  validation {
    condition = alltrue([for service in values(var.services) : service.load_balancer == null ? true : length(service.load_balancer.hosts) + length(service.load_balancer.paths) == 0 || (service.load_balancer.priority == null ? false : service.load_balancer.priority >= 1 && service.load_balancer.priority <= 50000)]) && (
      length([for service in values(var.services) : service if service.load_balancer == null ? false : service.load_balancer.priority != null]) ==
      length(distinct([for service in values(var.services) : service.load_balancer.priority if service.load_balancer == null ? false : service.load_balancer.priority != null]))
    )
    error_message = "load_balancer.priority must be a number from 1 to 50000 of its own for each service with hosts or paths: the least one is asked first."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.load_balancer == null ? true : startswith(service.load_balancer.health_check.path, "/") && contains(["HTTP1", "HTTP2", "GRPC"], service.load_balancer.protocol_version) && service.load_balancer.health_check.timeout < service.load_balancer.health_check.interval && service.load_balancer.grace_seconds >= 0 && service.load_balancer.grace_seconds <= 7200 && service.load_balancer.deregistration_delay >= 0 && service.load_balancer.deregistration_delay <= 3600])
    error_message = "load_balancer: health_check.path begins with a slash, its timeout is shorter than its interval; protocol_version is HTTP1, HTTP2 or GRPC; grace_seconds is at most 7200 and deregistration_delay at most 3600."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.scaling.min >= 1 && service.scaling.max >= service.scaling.min && floor(service.scaling.min) == service.scaling.min && floor(service.scaling.max) == service.scaling.max])
    error_message = "scaling.min must be a whole number of at least 1, and scaling.max at least that: at 0 tasks there is no metric that would start one. Schedules may go to 0."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.scaling.desired == null ? true : service.scaling.desired >= service.scaling.min && service.scaling.desired <= service.scaling.max])
    error_message = "scaling.desired must be from scaling.min to scaling.max."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.scaling.requests == null ? true : service.scaling.requests >= 1 && service.load_balancer != null])
    error_message = "scaling.requests must be at least 1, of a service with a load_balancer."
  }

  validation {
    condition = alltrue(flatten([for service in values(var.services) : [for schedule in values(service.scaling.schedules) :
      can(regex("^(cron\\([0-9*,/-]+ [0-9*,/-]+ [0-9*?,/LW-]+ [0-9A-Z*,/-]+ [0-9A-Z*?,/#-]+ [0-9*,/-]+\\)|rate\\([0-9]+ (minute|hour|day)s?\\)|at\\([0-9T:-]+\\))$", schedule.at)) &&
      can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+){1,2})$", schedule.timezone)) && schedule.min >= 0 && schedule.max >= schedule.min
    ]]))
    error_message = "scaling.schedules must have a cron expression of six fields such as cron(0 20 ? * MON-FRI *), a range, and a time zone such as Europe/Berlin."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.deployment.minimum_percent >= 0 && service.deployment.minimum_percent <= 100 && service.deployment.maximum_percent >= 100 && service.deployment.maximum_percent > service.deployment.minimum_percent])
    error_message = "deployment.minimum_percent must be from 0 to 100, and maximum_percent at least 100 and above it."
  }
}

variable "given" {
  description = "The same services as they are written. Terraform drops a key that a type does not have without a word; here it is found."
  type        = any
}
