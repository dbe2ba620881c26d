variable "name" {
  description = "Name of the repository."
  type        = string
}

variable "create" {
  description = "true: create the repository. false: use the one of this name that is there."
  type        = bool
}

variable "keep_images" {
  description = "Number of tagged images to keep."
  type        = number
}

variable "keep_untagged_days" {
  description = "Days after which an untagged image expires."
  type        = number
}

variable "force_delete" {
  description = "true: delete the repository with its images."
  type        = bool
}
