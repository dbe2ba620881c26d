variable "name" {
  description = "Name of the service: of its ECS service, container and task definition family, and the beginning of every other name."
  type        = string
  default     = "backend"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.name)) && !can(regex("--|-$", var.name))
    error_message = "name must have 2 to 16 characters: small letters, digits and single hyphens, beginning with a letter."
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

variable "tags" {
  description = "Tags of every resource, beside Service, Environment and ManagedBy."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "allow_destroy" {
  description = "true: the stack can be destroyed with what is in it: images, access logs, and a load balancer without deletion protection."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_repository" {
  description = "true: create the ECR repository. false: use an existing one, such as that of another environment, so that one image goes from stage to stage."
  type        = bool
  default     = true
  nullable    = false
}

variable "repository_name" {
  description = "Name of the ECR repository. Default: <name>-<environment>."
  type        = string
  default     = null

  validation {
    condition     = var.repository_name == null || can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", coalesce(var.repository_name, "-")))
    error_message = "repository_name must be a name that ECR allows: small letters, digits, and single . _ / or - between them."
  }

  validation {
    condition     = var.create_repository || var.repository_name != null
    error_message = "repository_name must name the existing repository where create_repository is false."
  }
}

variable "keep_images" {
  description = "Number of tagged images that the repository keeps, the newest ones. No tagged image expires by its age."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.keep_images >= 10 && var.keep_images <= 10000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 10 to 10000: a rollback needs the images of earlier deployments."
  }
}

variable "keep_untagged_days" {
  description = "Days after which an image that lost its tag expires."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.keep_untagged_days >= 1 && floor(var.keep_untagged_days) == var.keep_untagged_days
    error_message = "keep_untagged_days must be a whole number of at least 1."
  }
}
