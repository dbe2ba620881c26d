variable "prefix" {
  description = "Beginning of every name."
  type        = string
}

variable "region" {
  description = "Region of the VPC."
  type        = string
}

variable "cidr" {
  description = "Address range of the VPC."
  type        = string
}

variable "zone_count" {
  description = "Number of availability zones."
  type        = number
}

variable "places" {
  description = "Sixteenths of the range that the subnets of each zone have, in the order of the zones."
  type        = object({ public = list(number), private = list(number) })
}

variable "nat" {
  description = "per-az, single or none."
  type        = string
}

variable "endpoint_services" {
  description = "AWS services that get an interface endpoint, such as ecr.api."
  type        = list(string)
}

variable "flow_logs" {
  description = "true: write flow logs to CloudWatch."
  type        = bool
}

variable "log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number
}

variable "log_key_arn" {
  description = "KMS key of the flow logs; null: AWS's own."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role that writes the flow logs."
  type        = string
}

variable "role_path" {
  description = "IAM path of the roles."
  type        = string
}
