variable "prefix" {
  description = "Beginning of every name."
  type        = string
}

variable "name" {
  description = "Name of the service, of its container and of its task definition family."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "family" {
  description = "Family of the task definition."
  type        = string
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "image" {
  description = "Image of the revisions that Terraform registers."
  type        = string
}

variable "repository_arn" {
  description = "ARN of the repository that the execution role may pull from."
  type        = string
}

variable "capacity" {
  description = "fargate or ec2."
  type        = string
}

variable "capacity_providers" {
  description = "Capacity providers of the cluster and their shares, in order."
  type        = list(object({ name = string, base = number, weight = number }))
}

variable "cluster_capacity_providers" {
  description = "Names of all capacity providers of the cluster."
  type        = list(string)
}

variable "cpu" {
  description = "CPU units of a task."
  type        = number
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64."
  type        = string
}

variable "gpus" {
  description = "GPUs of a task."
  type        = number
}

variable "ephemeral_storage_gib" {
  description = "Disk of a task; null: 20 GiB."
  type        = number
}

variable "container_port" {
  description = "Port of the container."
  type        = number
}

variable "environment_variables" {
  description = "Environment variables of the container."
  type        = map(string)
}

variable "secrets" {
  description = "Secrets of the container, by their ARNs."
  type        = map(string)
}

variable "secrets_kms_key_arns" {
  description = "KMS keys of the secrets."
  type        = list(string)
}

variable "task_role_policy" {
  description = "What the application may do in AWS; null: nothing."
  type        = string
}

variable "writable_paths" {
  description = "Folders in which the container may write."
  type        = list(string)
}

variable "container_health_check" {
  description = "Command of the container's own health check; null: none."
  type        = list(string)
}

variable "stop_timeout_seconds" {
  description = "Seconds between SIGTERM and SIGKILL."
  type        = number
}

variable "health_check_grace_period_seconds" {
  description = "Seconds in which a new task may be unhealthy."
  type        = number
}

variable "execute_command" {
  description = "true: ECS Exec."
  type        = bool
}

variable "container_insights" {
  description = "true: Container Insights."
  type        = bool
}

variable "desired_count" {
  description = "Number of tasks at the start."
  type        = number
}

variable "min_capacity" {
  description = "Least number of tasks."
  type        = number
}

variable "max_capacity" {
  description = "Greatest number of tasks."
  type        = number
}

variable "cpu_target_percent" {
  description = "CPU utilization to aim at."
  type        = number
}

variable "memory_target_percent" {
  description = "Memory utilization to aim at."
  type        = number
}

variable "night" {
  description = "When all tasks stop and start again; null: never."
  type        = object({ stop = string, start = string, timezone = string })
}

variable "vpc_id" {
  description = "VPC of the tasks."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)
}

variable "assign_public_ip" {
  description = "true: tasks get a public address."
  type        = bool
}

variable "load_balancer_security_group_id" {
  description = "Security group of the load balancer."
  type        = string
}

variable "target_group_arn" {
  description = "Target group of the tasks."
  type        = string
}

variable "alarm_names" {
  description = "Alarms that fail a deployment."
  type        = list(string)
}

variable "log_group_name" {
  description = "Log group of the container."
  type        = string
}

variable "log_group_arn" {
  description = "ARN of that log group."
  type        = string
}

variable "log_key_arn" {
  description = "KMS key of the logs and of ECS Exec; null: AWS's own."
  type        = string
}

variable "exec_log_group_name" {
  description = "Log group of ECS Exec; null without execute_command."
  type        = string
}

variable "exec_log_group_arn" {
  description = "ARN of that log group."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the roles."
  type        = string
}

variable "role_path" {
  description = "IAM path of the roles."
  type        = string
}
