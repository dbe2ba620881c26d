data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  format = var.github_subject_format != "auto" ? var.github_subject_format : var.github_repository_id == null ? "classic" : "immutable"
  owner  = split("/", var.github_repository)[0]
  name   = split("/", var.github_repository)[1]
  ids    = var.github_repository_id == null ? { owner = "", repository = "" } : { owner = var.github_owner_id, repository = var.github_repository_id }

  repositories = concat(
    local.format == "immutable" ? [] : ["repo:${local.owner}/${local.name}"],
    local.format == "classic" ? [] : ["repo:${local.owner}@${local.ids.owner}/${local.name}@${local.ids.repository}"],
  )

  # Exact subjects only. What a pull request runs is chosen by whoever opens it: it may read, and nothing else.
  contexts = {
    deploy       = var.deploy_context
    plan         = "pull_request"
    "infra-plan" = var.infra_plan_context
    infra        = var.infra_context
  }

  # An environment alone would do for a workflow on any branch, and so for whoever can push one.
  branches = {
    for role in ["deploy", "infra"] : role => { "token.actions.githubusercontent.com:ref" = "refs/heads/${var.github_branch}" }
  }

  trust = {
    for role, context in local.contexts : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Federated = var.identity_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = merge(
            {
              "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
              "token.actions.githubusercontent.com:sub" = [for repository in local.repositories : "${repository}:${context}"]
            },
            lookup(local.branches, role, {}),
          )
        }
      }]
    })
  }
}
