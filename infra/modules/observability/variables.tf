variable "prefix" {
  description = "Beginning of every name."
  type        = string
}

variable "region" {
  description = "Region of the dashboard's metrics."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster, for the metrics of the service."
  type        = string
}

variable "service_names" {
  description = "Every service of the cluster, for the metrics of its tasks."
  type        = list(string)
}

variable "services" {
  description = "The services with a load balancer: beginning of the names of their alarms, target group in its metrics, and the time that a task has to start."
  type        = map(object({ prefix = string, target_group = string, grace_seconds = number }))
}

variable "dashboard" {
  description = "true: make the dashboard."
  type        = bool
}

variable "load_balancer" {
  description = "Name of the load balancer in its metrics."
  type        = string
}

variable "alarm_5xx_count" {
  description = "Answers with a 5xx status in a minute that ring the alarm."
  type        = number
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told."
  type        = list(string)
}

variable "log_groups" {
  description = "Log groups of the containers, for the dashboard."
  type        = list(string)
}
