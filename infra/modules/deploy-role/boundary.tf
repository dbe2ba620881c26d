locals {
  boundary = var.permissions_boundary_arn != null ? var.permissions_boundary_arn : aws_iam_policy.boundary[0].arn
}

# What no role of this stack can do, whatever its policies say: not even a role that the infra role makes or changes.
# It is changed by a person; the infra role has no permission for managed policies.
resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_289:A boundary allows nothing by itself.
  #checkov:skip=CKV_AWS_290:A boundary allows nothing by itself.
  #checkov:skip=CKV_AWS_286:A boundary allows nothing by itself.
  #checkov:skip=CKV_AWS_287:A boundary allows nothing by itself.
  #checkov:skip=CKV_AWS_288:A boundary allows nothing by itself.
  #checkov:skip=CKV_AWS_355:A boundary allows nothing by itself.
  #checkov:skip=CKV_AWS_62:A boundary allows nothing by itself.
  #checkov:skip=CKV_AWS_63:A boundary allows nothing by itself.
  #checkov:skip=CKV2_AWS_40:A boundary allows nothing by itself.
  count = var.permissions_boundary_arn == null ? 1 : 0

  name        = "${var.prefix}-boundary"
  path        = var.role_path
  description = "The most that a role of ${var.prefix} can be allowed"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Everything"
          Effect   = "Allow"
          Action   = "*"
          Resource = "*"
        },
        {
          # Two keys: only what has the tag, and has it of another stack.
          Sid       = "ButNotOtherStacks"
          Effect    = "Deny"
          Action    = "*"
          Resource  = "*"
          Condition = { StringNotEquals = { "aws:ResourceTag/Stack" = var.prefix }, Null = { "aws:ResourceTag/Stack" = "false" } }
        },
        {
          Sid    = "NorAdministration"
          Effect = "Deny"
          Action = [
            "account:*", "iam:Add*", "iam:Attach*", "iam:Change*", "iam:Create*", "iam:Deactivate*", "iam:Delete*", "iam:Detach*", "iam:Enable*", "iam:Put*",
            "iam:Remove*", "iam:Reset*", "iam:Resync*", "iam:Set*", "iam:Tag*", "iam:Untag*", "iam:Update*", "iam:Upload*", "organizations:*", "sso:*",
          ]
          Resource = "*"
        },
        {
          Sid         = "NorTheRolesOfOthers"
          Effect      = "Deny"
          Action      = "iam:PassRole"
          NotResource = var.role_path == "/" ? "${local.iam}:role/${var.prefix}-*" : "${local.iam}:role${var.role_path}*"
        },
        {
          # One that trusts its account, as those of the CDK do, would be a way around this boundary.
          Sid      = "NorBecomeThem"
          Effect   = "Deny"
          Action   = "sts:AssumeRole"
          Resource = "${local.iam}:role/*"
        },
        {
          # The images of every environment: what runs there, and the way back.
          Sid      = "NorTheRegistry"
          Effect   = "Deny"
          Action   = ["ecr:BatchDelete*", "ecr:Delete*", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy", "ecr:SetRepositoryPolicy"]
          Resource = "*"
        },
      ],
      [for statement in [{
        Sid      = "NorStates"
        Effect   = "Deny"
        Action   = "s3:*"
        Resource = ["arn:${local.partition}:s3:::${local.state_bucket}", "arn:${local.partition}:s3:::${local.state_bucket}/*"]
      }] : statement if var.state_bucket != null],
    )
  })
}
