variable "github_repository" {
  description = "Repository that deploys, as owner/name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", var.github_repository))
    error_message = "github_repository must be owner/name, without wildcards."
  }
}

variable "github_owner_id" {
  description = "Id of the owner for the immutable subject: gh api repos/OWNER/NAME --jq .owner.id"
  type        = number
  default     = null

  validation {
    condition     = (var.github_owner_id == null) == (var.github_repository_id == null)
    error_message = "github_owner_id and github_repository_id go together."
  }
}

variable "github_repository_id" {
  description = "Id of the repository for the immutable subject: gh api repos/OWNER/NAME --jq .id"
  type        = number
  default     = null
}

variable "github_subject_format" {
  description = "How the token of a workflow names its repository: classic (repo:owner/name:...), immutable (repo:owner@id/name@id:..., the default of repositories made since July 2026), both while moving over, or auto: immutable where the two ids are given, otherwise classic."
  type        = string
  default     = "auto"
  nullable    = false

  validation {
    condition     = contains(["auto", "classic", "immutable", "both"], var.github_subject_format)
    error_message = "github_subject_format must be auto, classic, immutable or both."
  }

  validation {
    condition     = !contains(["immutable", "both"], var.github_subject_format) || var.github_repository_id != null
    error_message = "github_subject_format immutable and both need github_owner_id and github_repository_id."
  }
}

variable "deploy_from" {
  description = "What the deploy role trusts: environment (jobs of the GitHub environment github_environment) or branch (jobs on github_branch that name no environment)."
  type        = string
  default     = "environment"
  nullable    = false

  validation {
    condition     = contains(["environment", "branch"], var.deploy_from)
    error_message = "deploy_from must be environment or branch."
  }
}

variable "github_environment" {
  description = "GitHub environment of the deploy jobs. Default: the value of environment."
  type        = string
  default     = null

  validation {
    condition     = var.github_environment == null || can(regex("^[A-Za-z0-9._-]{1,255}$", coalesce(var.github_environment, "*")))
    error_message = "github_environment must be the name of one environment: letters, digits, dots, hyphens and underscores, no wildcards."
  }
}

variable "github_infra_environment" {
  description = "GitHub environment of the jobs that apply Terraform; protect it with reviewers. Default: <environment>-infra."
  type        = string
  default     = null

  validation {
    condition     = var.github_infra_environment == null || can(regex("^[A-Za-z0-9._-]{1,255}$", coalesce(var.github_infra_environment, "*")))
    error_message = "github_infra_environment must be the name of one environment: letters, digits, dots, hyphens and underscores, no wildcards."
  }
}

variable "github_infra_plan_environment" {
  description = "GitHub environment of the jobs that plan Terraform. Default: <environment>-plan."
  type        = string
  default     = null

  validation {
    condition     = var.github_infra_plan_environment == null || can(regex("^[A-Za-z0-9._-]{1,255}$", coalesce(var.github_infra_plan_environment, "*")))
    error_message = "github_infra_plan_environment must be the name of one environment: letters, digits, dots, hyphens and underscores, no wildcards."
  }
}

variable "github_branch" {
  description = "The one branch from which jobs may deploy and apply; a workflow on another is refused."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.github_branch))
    error_message = "github_branch must be the name of one branch, without wildcards."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of a permissions boundary for every role of the stack. Default: one of the stack, within which the infra role makes and changes roles; Terraform's own roles have none then."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]*:policy/", coalesce(var.permissions_boundary_arn, "-")))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "deregister_failed_revisions" {
  description = "true: the deploy role may deregister a revision that failed. IAM cannot limit that to a family, so it may deregister revisions of other services too. With false failed revisions stay registered; a run says so."
  type        = bool
  default     = true
  nullable    = false
}

variable "codedeploy_services" {
  description = "Services on this cluster that CodeDeploy deploys and that another configuration makes, by name: the deploy role and the role for plans may do with them what a deployment needs. Application and group have the names of amazon-ecs-deploy-task-definition, AppECS-CLUSTER-SERVICE and DgpECS-CLUSTER-SERVICE. roles: of the tasks, with their path, which is that of the stack's roles."
  type        = map(object({ family = string, log_group = string, roles = list(string) }))
  default     = {}
  nullable    = false

  validation {
    condition = alltrue(flatten([
      for name, service in var.codedeploy_services : [
        can(regex("^[A-Za-z0-9_-]{1,255}$", name)),
        can(regex("^[A-Za-z0-9_-]{1,255}$", service.family)),
        can(regex("^[A-Za-z0-9_./#-]{1,512}$", service.log_group)),
        [for role in service.roles : can(regex("^[A-Za-z0-9_+=,.@/-]+$", role))],
      ]
    ]))
    error_message = "codedeploy_services: names, families, log groups and roles must be names, not ARNs, and without wildcards."
  }
}

variable "state_bucket" {
  description = "Name of the bucket with the Terraform state, so that the plan role may read the state of this environment and the infra role may write it."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", coalesce(var.state_bucket, "-")))
    error_message = "state_bucket must be the name of an S3 bucket."
  }
}
