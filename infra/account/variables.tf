variable "state_bucket" {
  description = "Name of the bucket of the Terraform states, which is there already: aws s3 mb s3://NAME"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be the name of an S3 bucket."
  }
}

variable "aws_region" {
  description = "Region of the bucket and of the repositories."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "repositories" {
  description = "ECR repositories, one for each image. All environments use the same, so that one image goes from stage to stage."
  type        = set(string)
  default     = ["backend"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.repositories : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", name))])
    error_message = "repositories must be names that ECR allows: small letters, digits, and single . _ / or - between them."
  }
}

variable "adopt_repositories" {
  description = "Those of the repositories that are there already, such as backend-dev of a stack that is older than this one: they are imported."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.adopt_repositories, var.repositories)) == 0
    error_message = "adopt_repositories must be among the repositories."
  }
}

variable "adopt_identity_provider" {
  description = "true: the account has GitHub's identity provider already, and it is imported. An account can have one only."
  type        = bool
  default     = false
  nullable    = false
}

variable "expiring_tags" {
  description = "Beginnings of tags that are never deployed, such as pr-, and how many images of each are kept, the newest ones. No other tagged image expires, since it may be the one that runs, or the way back; an image with two tags goes with the one that is listed here."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for prefix, count in var.expiring_tags : can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{1,}$", prefix)) && count >= 1 && floor(count) == count])
    error_message = "expiring_tags must be beginnings of at least two characters that a tag may have, without wildcards, and whole numbers of at least 1."
  }
}

variable "keep_untagged_days" {
  description = "Days after which an image that lost its tag expires. Parts of a multi-platform image stay with it."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.keep_untagged_days >= 1 && floor(var.keep_untagged_days) == var.keep_untagged_days
    error_message = "keep_untagged_days must be a whole number of at least 1."
  }
}

variable "pulling_accounts" {
  description = "Ids of further accounts whose environments run these images."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.pulling_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "pulling_accounts must be ids of twelve digits."
  }
}
