variable "name" {
  description = "Name of the service: of its ECS service, container and task definition family, and the beginning of every other name."
  type        = string
  default     = "backend"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.name)) && !can(regex("--|-$", var.name))
    error_message = "name must have 2 to 16 characters: small letters, digits and single hyphens, beginning with a letter."
  }

  validation {
    condition     = !startswith(var.name, "internal") && var.name != "exec" && !(var.capacity == "ec2" && can(regex("^(aws|ecs|fargate)", var.name)))
    error_message = "name must not be exec nor begin with internal, which load balancers may not; with capacity = ec2 not with aws, ecs or fargate, which capacity providers may not."
  }
}

variable "environment" {
  description = "Name of the environment, such as dev, staging or prod. Every name ends with it or holds it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment must have 2 to 12 characters: small letters and digits, beginning with a letter."
  }

  validation {
    condition     = var.environment != "logs"
    error_message = "environment cannot be logs: the bucket of the access logs of another stack would have a name of this one."
  }
}

variable "aws_region" {
  description = "Region of everything in the stack."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "allow_destroy" {
  description = "true: the stack can be destroyed with what is in it: access logs, instances, and a load balancer without deletion protection."
  type        = bool
  default     = false
  nullable    = false
}

variable "repository_name" {
  description = "Name of the ECR repository, which the stack of the account has. Default: the name of the service."
  type        = string
  default     = null

  validation {
    condition     = var.repository_name == null || can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", coalesce(var.repository_name, "-")))
    error_message = "repository_name must be a name that ECR allows: small letters, digits, and single . _ / or - between them."
  }
}

variable "role_path" {
  description = "IAM path of the roles. Default: /<name>-<environment>/. Give / to a stack whose roles are older than their path: a role cannot move."
  type        = string
  default     = null

  validation {
    condition     = var.role_path == null || can(regex("^/([a-z0-9-]+/)*$", coalesce(var.role_path, "-")))
    error_message = "role_path must begin and end with a slash."
  }
}
