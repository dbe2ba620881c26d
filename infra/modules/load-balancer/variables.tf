variable "prefix" {
  description = "Beginning of every name."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the load balancer."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the load balancer."
  type        = list(string)
}

variable "internal" {
  description = "true: private addresses only."
  type        = bool
}

variable "allowed_cidrs" {
  description = "Address ranges that may reach the load balancer."
  type        = list(string)
}

variable "targets" {
  description = "What stands behind it, by service: port, health check, and the hosts and paths whose requests it gets."
  type = map(object({
    prefix               = string
    port                 = number
    hosts                = list(string)
    paths                = list(string)
    priority             = number
    deregistration_delay = number
    stickiness_seconds   = number
    protocol_version     = string
    health_check = object({
      path                = string
      matcher             = string
      interval            = number
      timeout             = number
      healthy_threshold   = number
      unhealthy_threshold = number
    })
  }))
}

variable "idle_timeout_seconds" {
  description = "Seconds after which a silent connection ends."
  type        = number
}

variable "https" {
  description = "true: listen on HTTPS and redirect HTTP."
  type        = bool
}

variable "certificate_arn" {
  description = "ARN of an existing certificate; null with domain_name."
  type        = string
}

variable "domain_name" {
  description = "Domain name whose certificate is created; null for none."
  type        = string
}

variable "hosted_zone_id" {
  description = "Route 53 zone of domain_name."
  type        = string
}

variable "ssl_policy" {
  description = "TLS policy of the HTTPS listener."
  type        = string
}

variable "access_logs" {
  description = "true: write access logs to a bucket."
  type        = bool
}

variable "waf" {
  description = "true: a web ACL in front."
  type        = bool
}

variable "waf_rate_limit" {
  description = "Requests of one address in five minutes above which the web ACL answers 429."
  type        = number
}

variable "upload_paths" {
  description = "Paths in whose bodies the web ACL does not look for scripts."
  type        = list(string)
}

variable "log_retention_days" {
  description = "Days that the log of the web ACL is kept."
  type        = number
}

variable "log_key_arn" {
  description = "KMS key of the web ACL's log; null: AWS's own."
  type        = string
}

variable "allow_destroy" {
  description = "true: no deletion protection, and the bucket goes with its logs."
  type        = bool
}
