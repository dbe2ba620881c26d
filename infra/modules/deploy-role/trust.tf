data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 0 : 1

  url = "https://token.actions.githubusercontent.com"
}

locals {
  account      = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  provider_arn = one(concat(aws_iam_openid_connect_provider.github[*].arn, data.aws_iam_openid_connect_provider.github[*].arn))

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
    deploy = var.deploy_context
    plan   = "pull_request"
    infra  = var.infra_context
  }

  trust = {
    for role, context in local.contexts : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Federated = local.provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = [for repository in local.repositories : "${repository}:${context}"]
          }
        }
      }]
    })
  }
}
