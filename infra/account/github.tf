data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

import {
  for_each = toset(var.adopt_identity_provider ? ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/token.actions.githubusercontent.com"] : [])
  to       = aws_iam_openid_connect_provider.github
  id       = each.value
}

# Every role of every environment trusts tokens through it.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]

  lifecycle {
    prevent_destroy = true
  }
}
