variable "capacity" {
  description = "What the tasks run on: fargate, or ec2 (an auto-scaling group behind a capacity provider, for GPUs and other instance types). A running service cannot change it: add a second one to services."
  type        = string
  default     = "fargate"
  nullable    = false

  validation {
    condition     = contains(["fargate", "ec2"], var.capacity)
    error_message = "capacity must be fargate or ec2."
  }
}

variable "cpu" {
  description = "CPU units of a task; 1024 are one vCPU."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = var.capacity == "ec2" ? var.cpu >= 128 && var.cpu <= 196608 : contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "cpu must be 256, 512, 1024, 2048, 4096, 8192 or 16384 on Fargate, and from 128 to 196608 on EC2."
  }
}

variable "memory" {
  description = "Memory of a task in MiB. Fargate has it in pairs with cpu."
  type        = number
  default     = 2048
  nullable    = false

  validation {
    condition = var.capacity == "ec2" ? var.memory >= 128 : contains(lookup({
      "256"   = [512, 1024, 2048]
      "512"   = range(1024, 4097, 1024)
      "1024"  = range(2048, 8193, 1024)
      "2048"  = range(4096, 16385, 1024)
      "4096"  = range(8192, 30721, 1024)
      "8192"  = range(16384, 61441, 4096)
      "16384" = range(32768, 122881, 8192)
    }, tostring(var.cpu), []), var.memory)
    error_message = "memory does not go with cpu on Fargate: 256 has 512, 1024 or 2048; 512 has 1024 to 4096; 1024 has 2048 to 8192; 2048 has 4096 to 16384; 4096 has 8192 to 30720, all in steps of 1024; 8192 has 16384 to 61440 in steps of 4096; 16384 has 32768 to 122880 in steps of 8192."
  }
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64. Images are built for it."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "ephemeral_storage_gib" {
  description = "Disk of a Fargate task in GiB, 21 to 200. Default: the 20 GiB that are free."
  type        = number
  default     = null

  validation {
    condition     = var.ephemeral_storage_gib == null || try(var.ephemeral_storage_gib >= 21 && var.ephemeral_storage_gib <= 200 && var.capacity == "fargate", false)
    error_message = "ephemeral_storage_gib must be from 21 to 200, with capacity = fargate."
  }
}

variable "fargate_base" {
  description = "Number of tasks that run on Fargate before the weights count."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.fargate_base >= 0 && var.fargate_base <= 100000
    error_message = "fargate_base must be from 0 to 100000."
  }
}

variable "fargate_weight" {
  description = "Share of the tasks that run on Fargate."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.fargate_weight >= 0 && var.fargate_weight <= 1000
    error_message = "fargate_weight must be from 0 to 1000."
  }
}

variable "fargate_spot_weight" {
  description = "Share of the tasks that run on Fargate Spot, which is cheaper and can be taken away with two minutes' notice."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.fargate_spot_weight >= 0 && var.fargate_spot_weight <= 1000 && var.fargate_weight + var.fargate_spot_weight > 0
    error_message = "fargate_spot_weight must be from 0 to 1000, and one of the two weights above 0."
  }
}

variable "instance_type" {
  description = "EC2 instance type with capacity = ec2, such as t3.large, m7g.large (with ARM64) or g5.xlarge (with gpus)."
  type        = string
  default     = "t3.large"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.instance_type))
    error_message = "instance_type must be an EC2 instance type, such as t3.large."
  }

  validation {
    condition     = var.capacity != "ec2" || (can(regex("^(a1|t4g|g5g|[a-z]+[0-9]+g[a-z]*)(-[a-z0-9]+)*\\.", var.instance_type)) == (var.cpu_architecture == "ARM64"))
    error_message = "instance_type and cpu_architecture must agree: Graviton types (m7g, c8g, t4g, ...) have ARM64, all others X86_64."
  }

  validation {
    condition = alltrue([
      for service in try(values(var.services), []) : try(service.capacity.kind, "fargate") != "ec2" || (
        can(regex("^(a1|t4g|g5g|[a-z]+[0-9]+g[a-z]*)(-[a-z0-9]+)*\\.", var.instance_type)) == (try(service.task.cpu_architecture, "X86_64") == "ARM64") &&
        (try(service.task.gpus, 0) == 0 || can(regex("^(g|p)[0-9]", var.instance_type)))
      )
    ])
    error_message = "All services with capacity.kind = ec2 share the instances: their task.cpu_architecture must be the one of instance_type, and task.gpus needs a GPU type, such as g5.xlarge."
  }
}

variable "instance_min" {
  description = "Least number of instances with capacity = ec2. ECS starts and stops instances between instance_min and instance_max as the tasks need them."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.instance_min >= 0 && floor(var.instance_min) == var.instance_min
    error_message = "instance_min must be a whole number of at least 0."
  }
}

variable "instance_max" {
  description = "Greatest number of instances with capacity = ec2."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.instance_max >= max(1, var.instance_min) && floor(var.instance_max) == var.instance_max
    error_message = "instance_max must be a whole number of at least 1 and at least instance_min."
  }
}

variable "further_instance_types" {
  description = "EC2 instance types that may take the place of instance_type: the more, the more surely there are some, above all on Spot."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for type in var.further_instance_types : can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", type))])
    error_message = "further_instance_types must be EC2 instance types, such as t3a.large."
  }
}

variable "instance_spot_percent" {
  description = "Share of the instances that are EC2 Spot, which is up to 90 % cheaper and can be taken away with two minutes' notice, beyond instance_on_demand_base."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.instance_spot_percent >= 0 && var.instance_spot_percent <= 100
    error_message = "instance_spot_percent must be from 0 to 100."
  }
}

variable "instance_on_demand_base" {
  description = "Instances that are on demand whatever instance_spot_percent says."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.instance_on_demand_base >= 0 && var.instance_on_demand_base <= var.instance_max
    error_message = "instance_on_demand_base must be from 0 to instance_max."
  }
}

variable "gpus" {
  description = "GPUs of a task, with capacity = ec2 and a GPU instance type. The instances then have ECS's GPU image."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.gpus >= 0 && var.gpus <= 16 && floor(var.gpus) == var.gpus && (var.gpus == 0 || var.capacity == "ec2")
    error_message = "gpus must be a whole number from 0 to 16, and needs capacity = ec2: Fargate has no GPUs."
  }

  validation {
    condition     = var.gpus == 0 || can(regex("^(g|p)[0-9]", var.instance_type))
    error_message = "gpus needs a GPU instance type, such as g5.xlarge."
  }
}

variable "container_port" {
  description = "Port on which the container listens. A running service cannot change it: add a second one to services."
  type        = number
  default     = 8000
  nullable    = false

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535
    error_message = "container_port must be from 1 to 65535."
  }
}

variable "bootstrap_image" {
  description = "Image of the revisions that Terraform registers. Default: the tag bootstrap of the repository, which need not exist: the first deployment replaces it, and every later one keeps the deployed image."
  type        = string
  default     = null

  validation {
    condition     = var.bootstrap_image == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._:/@-]+$", coalesce(var.bootstrap_image, " ")))
    error_message = "bootstrap_image must be an image reference."
  }
}

variable "environment_variables" {
  description = "Environment variables of the container. A change ships with the next deployment. Secrets belong in secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment_variables) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "environment_variables must have names of letters, digits and underscores."
  }
}

variable "secrets" {
  description = "Secrets of the container: name = ARN of a Secrets Manager secret or of an SSM parameter. The execution role may read these and no others."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[^*]+$", arn))])
    error_message = "secrets must be ARNs of Secrets Manager secrets or SSM parameters, without wildcards."
  }

  validation {
    condition     = length(setintersection(keys(var.secrets), keys(var.environment_variables))) == 0
    error_message = "A name can be in secrets or in environment_variables, not in both."
  }
}

variable "secrets_kms_key_arns" {
  description = "ARNs of the KMS keys that encrypt the secrets, where they are not AWS's own."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secrets_kms_key_arns : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "secrets_kms_key_arns must be ARNs of KMS keys."
  }
}

variable "task_role_policy" {
  description = "IAM policy (JSON) of what the application itself may do in AWS. Default: nothing."
  type        = string
  default     = null

  validation {
    condition     = var.task_role_policy == null || can(jsondecode(coalesce(var.task_role_policy, "-")).Statement)
    error_message = "task_role_policy must be an IAM policy as JSON."
  }
}

variable "writable_paths" {
  description = "Folders in which the container may write. The rest of its file system is read-only. Declare each as a VOLUME in the Dockerfile, so that it keeps the owner and mode that the image gives it."
  type        = list(string)
  default     = ["/tmp"]
  nullable    = false

  validation {
    condition     = alltrue([for path in var.writable_paths : can(regex("^/[A-Za-z0-9._/-]+$", path))])
    error_message = "writable_paths must be absolute paths."
  }
}

variable "health_check_path" {
  description = "Path that the load balancer asks for the health of a task."
  type        = string
  default     = "/health"
  nullable    = false

  validation {
    condition     = can(regex("^/[^\\s]*$", var.health_check_path))
    error_message = "health_check_path must begin with a slash."
  }
}

variable "container_health_check" {
  description = "Health check that the container makes itself, such as [\"CMD\", \"python\", \"healthcheck.py\"]. ECS does not use the one of the image. Default: none."
  type        = list(string)
  default     = null

  validation {
    condition     = var.container_health_check == null || try(contains(["CMD", "CMD-SHELL"], var.container_health_check[0]) && length(var.container_health_check) > 1, false)
    error_message = "container_health_check must begin with CMD or CMD-SHELL and have a command."
  }
}

variable "health_check_grace_period_seconds" {
  description = "Seconds in which a new task may be unhealthy in the load balancer without being replaced."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.health_check_grace_period_seconds >= 0 && var.health_check_grace_period_seconds <= 7200
    error_message = "health_check_grace_period_seconds must be from 0 to 7200."
  }
}

variable "deregistration_delay_seconds" {
  description = "Seconds that the load balancer lets requests to an old task finish."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.deregistration_delay_seconds >= 0 && var.deregistration_delay_seconds <= 3600
    error_message = "deregistration_delay_seconds must be from 0 to 3600."
  }
}

variable "stop_timeout_seconds" {
  description = "Seconds between SIGTERM and SIGKILL."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.stop_timeout_seconds >= 2 && var.stop_timeout_seconds <= 120
    error_message = "stop_timeout_seconds must be from 2 to 120."
  }
}

variable "execute_command" {
  description = "true: ECS Exec, a shell in a running container for whoever has the permission; encrypted and logged. Its agent writes into the container, whose file system is then not read-only."
  type        = bool
  default     = false
  nullable    = false
}

variable "desired_count" {
  description = "Number of tasks at the start, from min_capacity to max_capacity. Afterwards autoscaling and deployments decide. Default: min_capacity."
  type        = number
  default     = null

  validation {
    condition     = var.desired_count == null || try(var.desired_count >= var.min_capacity && var.desired_count <= var.max_capacity && floor(var.desired_count) == var.desired_count, false)
    error_message = "desired_count must be a whole number from min_capacity to max_capacity."
  }
}

variable "min_capacity" {
  description = "Least number of tasks that autoscaling keeps. At 0 there would be no metric that starts one again; night goes to 0."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.min_capacity >= 1 && floor(var.min_capacity) == var.min_capacity
    error_message = "min_capacity must be a whole number of at least 1: at 0 tasks no metric would start one again. Use night for that."
  }
}

variable "max_capacity" {
  description = "Greatest number of tasks that autoscaling starts."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.max_capacity >= max(1, var.min_capacity) && floor(var.max_capacity) == var.max_capacity
    error_message = "max_capacity must be a whole number of at least 1 and at least min_capacity."
  }
}

variable "cpu_target_percent" {
  description = "Average CPU utilization at which autoscaling aims."
  type        = number
  default     = 70
  nullable    = false

  validation {
    condition     = var.cpu_target_percent >= 1 && var.cpu_target_percent <= 100
    error_message = "cpu_target_percent must be from 1 to 100."
  }
}

variable "memory_target_percent" {
  description = "Average memory utilization at which autoscaling aims."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.memory_target_percent >= 1 && var.memory_target_percent <= 100
    error_message = "memory_target_percent must be from 1 to 100."
  }
}

variable "night" {
  description = "Scaling to zero at night: the cron expressions at which all tasks stop and start again, and their time zone, such as { stop = \"cron(0 20 ? * MON-FRI *)\", start = \"cron(0 7 ? * MON-FRI *)\", timezone = \"Europe/Berlin\" }. Default: never."
  type = object({
    stop     = string
    start    = string
    timezone = optional(string, "Etc/UTC")
  })
  default = null

  validation {
    condition     = var.night == null || try(alltrue([for at in [var.night.stop, var.night.start] : can(regex("^cron\\([0-9*,/-]+ [0-9*,/-]+ [0-9*?,/LW-]+ [0-9A-Z*,/-]+ [0-9A-Z*?,/#-]+ [0-9*,/-]+\\)$", at))]), false)
    error_message = "night.stop and night.start must be cron expressions of six fields, such as cron(0 20 ? * MON-FRI *)."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the logs."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a number of days that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "log_encryption" {
  description = "true: encrypt the logs with a KMS key of the stack. false: with AWS's own key."
  type        = bool
  default     = true
  nullable    = false
}

variable "container_insights" {
  description = "true: Container Insights, CloudWatch's metrics for each task. They are charged by metric."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_5xx_count" {
  description = "Answers with a 5xx status in a minute that ring the alarm, and fail a deployment that is under way."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.alarm_5xx_count >= 1
    error_message = "alarm_5xx_count must be at least 1."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear when an alarm goes into ALARM, and when it is over."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:", arn))])
    error_message = "alarm_topic_arns must be ARNs of SNS topics."
  }
}

variable "dashboard" {
  description = "true: a CloudWatch dashboard of the stack."
  type        = bool
  default     = true
  nullable    = false
}

variable "services" {
  description = "Further services, by their names, and what the variables above do not say of the first one, under its own name. modules/settings/variables.tf has the groups: capacity, task, container, roles, network, load_balancer, connect, scaling, deployment. A key that does not exist is refused."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = can(keys(var.services)) && alltrue([for service in try(values(var.services), []) : can(keys(service))])
    error_message = "services must be services by their names, such as { worker = { task = { cpu = 256, memory = 512 } } }."
  }
}
