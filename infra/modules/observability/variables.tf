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

variable "service_name" {
  description = "Name of the service, for its metrics."
  type        = string
}

variable "load_balancer" {
  description = "Name of the load balancer in its metrics."
  type        = string
}

variable "target_group" {
  description = "Name of the target group in its metrics."
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

variable "log_group" {
  description = "Log group of the containers, for the dashboard."
  type        = string
}
