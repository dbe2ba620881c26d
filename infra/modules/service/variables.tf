variable "identity" {
  description = "Beginning of every name, name of the service and of its container, family of the task definition, and region."
  type        = object({ prefix = string, name = string, family = string, region = string })
}

variable "cluster" {
  description = "The cluster, what it is made of (fargate or ec2), and how the tasks are spread over its capacity providers."
  type = object({
    arn       = string
    name      = string
    capacity  = string
    strategy  = list(object({ name = string, base = number, weight = number }))
    namespace = optional(string)
  })
}

variable "task" {
  description = "Size of a task, what it runs on, and what it may write."
  type = object({
    cpu                   = number
    memory                = number
    cpu_architecture      = string
    gpus                  = number
    ephemeral_storage_gib = number
    stop_timeout_seconds  = number
    writable_paths        = list(string)
    execute_command       = bool
    file_systems = map(object({
      id                = string
      access_point_id   = string
      path              = string
      read_only         = bool
      security_group_id = string
    }))
  })
}

variable "container" {
  description = "The container: image of the revisions that Terraform registers, port (null: none), environment, secrets, its own health check (null: none), command (null: the image's), and the containers beside it."
  type = object({
    image                = string
    port                 = number
    environment          = map(string)
    secrets              = map(string)
    secrets_kms_key_arns = list(string)
    health_check         = list(string)
    command              = list(string)
    sidecars = map(object({
      image        = string
      essential    = bool
      command      = list(string)
      environment  = map(string)
      secrets      = map(string)
      port         = number
      cpu          = number
      memory       = number
      health_check = list(string)
      depends_on   = map(string)
    }))
    waits_for = map(string)
  })
}

variable "roles" {
  description = "What the application may do in AWS (JSON; null: nothing), what the execution role may do besides, the repositories that it may pull from, and path and boundary of both."
  type = object({
    task_policy              = string
    execution_policy         = string
    repository_arns          = list(string)
    permissions_boundary_arn = string
    path                     = string
  })
}

variable "network" {
  description = "Where the tasks are, and what they reach beside HTTPS."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    public_ip          = bool
    security_group_ids = list(string)
    egress             = list(object({ port = number, cidr = string, security_group_id = string, protocol = string }))
  })
}

variable "load_balancer" {
  description = "Target group, and security group of the load balancer; null: the service has none."
  type        = object({ target_group_arn = string, security_group_id = string, grace_seconds = number, protocol_version = optional(string, "HTTP1"), request_label = string })
}

variable "connect" {
  description = "Name and port by which other services of the cluster reach this one; server = false: it reaches them only; null: neither."
  type        = object({ server = bool, dns_name = string, port = number })
}

variable "scaling" {
  description = "Number of tasks, and what moves it: averages of CPU and memory in percent, requests to a task in a minute (null: not), and schedules."
  type = object({
    desired        = number
    min            = number
    max            = number
    cpu_percent    = number
    memory_percent = number
    requests       = number
    schedules      = map(object({ at = string, min = number, max = number, timezone = string }))
  })
}

variable "logs" {
  description = "Log group of the containers, log group of ECS Exec (null: none), and KMS key (null: AWS's own)."
  type        = object({ group = object({ name = string, arn = string }), exec_group_arn = string, key_arn = string })
}

variable "deployment" {
  description = "How a deployment goes: least and most tasks in percent of the desired number, and the alarms that fail it."
  type        = object({ minimum_percent = number, maximum_percent = number, alarm_names = list(string) })
}
