data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  efs = "arn:${data.aws_partition.current.partition}:elasticfilesystem:${var.identity.region}:${data.aws_caller_identity.current.account_id}"

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:ecs:${var.identity.region}:${data.aws_caller_identity.current.account_id}:*" }
      }
    }]
  })

  # Of all containers: the execution role is one for the task.
  all_secrets    = flatten([values(var.container.secrets), [for sidecar in values(var.container.sidecars) : values(sidecar.secrets)]])
  secret_arns    = [for arn in distinct(local.all_secrets) : join(":", slice(split(":", arn), 0, 7)) if strcontains(arn, ":secretsmanager:")]
  parameter_arns = [for arn in distinct(local.all_secrets) : arn if strcontains(arn, ":ssm:")]
}

# Pulls the image, writes the log, and reads the secrets, for the container; nothing else.
resource "aws_iam_role" "execution" {
  name                 = "${var.identity.prefix}-execution"
  path                 = var.roles.path
  description          = "ECS pulls the image and writes the log of ${var.identity.prefix} with it"
  assume_role_policy   = local.trust
  permissions_boundary = var.roles.permissions_boundary_arn
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "RegistryLogin"
          Effect   = "Allow"
          Action   = "ecr:GetAuthorizationToken"
          Resource = "*"
        },
        {
          Sid      = "Image"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = var.roles.repository_arns
        },
        {
          Sid      = "Log"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${var.logs.group.arn}:log-stream:*"
        },
      ],
      length(local.secret_arns) == 0 ? [] : [{
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = local.secret_arns
      }],
      length(local.parameter_arns) == 0 ? [] : [{
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = local.parameter_arns
      }],
      length(var.container.secrets_kms_key_arns) == 0 ? [] : [{
        Sid      = "KeysOfSecrets"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.container.secrets_kms_key_arns
      }],
    )
  })
}

resource "aws_iam_role_policy" "execution_further" {
  count = var.roles.execution_policy == null ? 0 : 1

  name   = "further"
  role   = aws_iam_role.execution.id
  policy = var.roles.execution_policy
}

# What the application itself may do.
resource "aws_iam_role" "task" {
  name                 = "${var.identity.prefix}-task"
  path                 = var.roles.path
  description          = "The application in ${var.identity.prefix}"
  assume_role_policy   = local.trust
  permissions_boundary = var.roles.permissions_boundary_arn
}

resource "aws_iam_role_policy" "task" {
  count = var.roles.task_policy == null ? 0 : 1

  name   = "application"
  role   = aws_iam_role.task.id
  policy = var.roles.task_policy
}

resource "aws_iam_role_policy" "exec" {
  #checkov:skip=CKV_AWS_355:The messages of Session Manager have no resources.
  #checkov:skip=CKV_AWS_290:The messages of Session Manager have no resources.
  count = var.task.execute_command ? 1 : 0

  name = "ecs-exec"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Session"
          Effect   = "Allow"
          Action   = ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
          Resource = "*"
        },
        {
          Sid      = "FindLog"
          Effect   = "Allow"
          Action   = "logs:DescribeLogGroups"
          Resource = "*"
        },
        {
          Sid      = "Log"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
          Resource = "${var.logs.exec_group_arn}:*"
        },
      ],
      var.logs.key_arn == null ? [] : [{
        Sid      = "Key"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.logs.key_arn
      }],
    )
  })
}

# Each file system by one access point only.
resource "aws_iam_role_policy" "file_systems" {
  count = length(var.task.file_systems) == 0 ? 0 : 1

  name = "file-systems"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for name in sort(keys(var.task.file_systems)) : {
      Sid       = replace(title(replace(name, "-", " ")), " ", "")
      Effect    = "Allow"
      Action    = concat(["elasticfilesystem:ClientMount"], var.task.file_systems[name].read_only ? [] : ["elasticfilesystem:ClientWrite"])
      Resource  = "${local.efs}:file-system/${var.task.file_systems[name].id}"
      Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = "${local.efs}:access-point/${var.task.file_systems[name].access_point_id}" } }
    }]
  })
}
