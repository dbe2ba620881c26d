# What differs from one account or repository to the next: given as TF_VAR_..., never written here.
variable "aws_region" {
  description = "Region of everything in the stack."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "github_repository" {
  description = "Repository that deploys, as owner/name."
  type        = string
  nullable    = false
}

variable "github_owner_id" {
  description = "Id of the owner for the immutable subject: gh api repos/OWNER/NAME --jq .owner.id"
  type        = number
  default     = null
}

variable "github_repository_id" {
  description = "Id of the repository for the immutable subject: gh api repos/OWNER/NAME --jq .id"
  type        = number
  default     = null
}

variable "github_subject_format" {
  description = "auto, classic, immutable or both."
  type        = string
  default     = "auto"
  nullable    = false
}

variable "state_bucket" {
  description = "Name of the bucket with the Terraform states."
  type        = string
  nullable    = false
}
