variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "container_insights" {
  description = "true: Container Insights."
  type        = bool
}

variable "exec" {
  description = "Log group of ECS Exec, and the KMS key of its sessions; null: no ECS Exec."
  type        = object({ log_group = string, key_arn = string })
}

variable "capacity_providers" {
  description = "Names of capacity providers beside Fargate's."
  type        = list(string)
}

variable "connect" {
  description = "VPC of services that reach each other by name; null: none do."
  type        = object({ vpc_id = string })
}
