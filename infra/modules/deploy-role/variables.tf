variable "prefix" {
  description = "Beginning of the names of the roles."
  type        = string
}

variable "region" {
  description = "Region of what is deployed."
  type        = string
}

variable "cluster_name" {
  description = "Cluster of the services."
  type        = string
}

variable "service_names" {
  description = "Services that the roles deploy to."
  type        = list(string)
}

variable "families" {
  description = "Task definition families of the services."
  type        = list(string)
}

variable "repository_names" {
  description = "ECR repositories of the images."
  type        = list(string)
}

variable "log_group_names" {
  description = "Log groups of the containers."
  type        = list(string)
}

variable "task_role_names" {
  description = "Roles of the applications."
  type        = list(string)
}

variable "execution_role_names" {
  description = "Roles that start tasks."
  type        = list(string)
}

variable "identity_provider_arn" {
  description = "ARN of GitHub's identity provider, which the stack of the account has."
  type        = string
}

variable "github_repository" {
  description = "Repository that deploys, as owner/name."
  type        = string
}

variable "github_owner_id" {
  description = "Id of the owner, for immutable subjects; null for none."
  type        = number
}

variable "github_repository_id" {
  description = "Id of the repository, for immutable subjects; null for none."
  type        = number
}

variable "github_subject_format" {
  description = "auto, classic, immutable or both."
  type        = string
}

variable "deploy_context" {
  description = "End of the subject of deploy jobs: environment:NAME or ref:refs/heads/BRANCH."
  type        = string

  validation {
    condition     = can(regex("^(environment:[A-Za-z0-9._-]+|ref:refs/heads/[A-Za-z0-9._/-]+)$", var.deploy_context))
    error_message = "deploy_context must be one environment or one branch, without wildcards; pull_request may only plan."
  }
}

variable "infra_context" {
  description = "End of the subject of the jobs that apply Terraform: environment:NAME."
  type        = string

  validation {
    condition     = can(regex("^environment:[A-Za-z0-9._-]+$", var.infra_context))
    error_message = "infra_context must be one environment, without wildcards."
  }
}

variable "infra_plan_context" {
  description = "End of the subject of the jobs that plan Terraform: environment:NAME."
  type        = string

  validation {
    condition     = can(regex("^environment:[A-Za-z0-9._-]+$", var.infra_plan_context))
    error_message = "infra_plan_context must be one environment, without wildcards."
  }
}

variable "github_branch" {
  description = "Branch from which jobs may deploy and apply."
  type        = string
}

variable "role_path" {
  description = "IAM path of the roles: /<prefix>/, or / in a stack that is older than it."
  type        = string
}

variable "ec2_capacity" {
  description = "true: the stack has instances of its own."
  type        = bool
}

variable "secret_arns" {
  description = "Secrets Manager secrets of the containers, which a deployment looks for; no value is read."
  type        = list(string)
}

variable "codedeploy_services" {
  description = "Services that CodeDeploy deploys, with an application and a deployment group by the names of amazon-ecs-deploy-task-definition."
  type        = list(string)
  default     = []
}

variable "domain_names" {
  description = "Domain names whose records the infra role may change."
  type        = list(string)
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary that is given for all roles; null: the stack makes one, for all roles but those of Terraform."
  type        = string
}

variable "deregister_failed_revisions" {
  description = "true: the deploy role may deregister revisions, which IAM cannot limit to a family."
  type        = bool
}

variable "state_bucket" {
  description = "Bucket of the Terraform state; null: the roles get no access to one."
  type        = string
}

variable "state_key" {
  description = "Key of the state of this environment."
  type        = string
}

variable "hosted_zone_id" {
  description = "Route 53 zone in which the infra role may write; null for none."
  type        = string
}
