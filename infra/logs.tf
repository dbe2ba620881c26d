data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  log_key_arn = one(aws_kms_key.logs[*].arn)
}

# One key for every log of the stack, and for sessions of ECS Exec.
resource "aws_kms_key" "logs" {
  count = var.log_encryption ? 1 : 0

  description             = "Logs of ${local.prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.aws_region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.current.partition}:logs:${var.aws_region}:${data.aws_caller_identity.current.account_id}:*" }
        }
      },
    ]
  })
}

resource "aws_kms_alias" "logs" {
  count = var.log_encryption ? 1 : 0

  name          = "alias/${local.prefix}-logs"
  target_key_id = aws_kms_key.logs[0].key_id
}

resource "aws_cloudwatch_log_group" "container" {
  #checkov:skip=CKV_AWS_338:Kept as long as log_retention_days says, 7 days by default.
  #checkov:skip=CKV_AWS_158:The key is the stack's with log_encryption = true, the default.
  name              = local.log_group
  retention_in_days = var.log_retention_days
  kms_key_id        = local.log_key_arn
}

resource "aws_cloudwatch_log_group" "service" {
  #checkov:skip=CKV_AWS_338:Kept as long as log_retention_days says, 7 days by default.
  #checkov:skip=CKV_AWS_158:The key is the stack's with log_encryption = true, the default.
  for_each = toset([for name in keys(local.services) : name if name != var.name])

  name              = "${local.log_group}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.log_key_arn
}

resource "aws_cloudwatch_log_group" "exec" {
  #checkov:skip=CKV_AWS_338:Kept as long as log_retention_days says, 7 days by default.
  #checkov:skip=CKV_AWS_158:The key is the stack's with log_encryption = true, the default.
  count = var.execute_command ? 1 : 0

  name              = "${local.log_group}/exec"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.log_key_arn
}
