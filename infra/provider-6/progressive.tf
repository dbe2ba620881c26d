variable "progressive" {
  description = "Services whose deployments shift requests step by step: strategy (BLUE_GREEN, LINEAR or CANARY), percent and step_minutes of a step, bake_minutes until the old tasks go, test_port with the ranges that may reach it, and hooks: Lambda functions by the stages at which ECS asks them."
  type = map(object({
    strategy     = string
    percent      = optional(number, 10)
    step_minutes = optional(number, 5)
    bake_minutes = optional(number, 5)
    test_port    = optional(number)
    test_cidrs   = optional(list(string), [])
    hooks        = optional(map(object({ function_arn = string, stages = list(string) })), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for service in values(var.progressive) : contains(["BLUE_GREEN", "LINEAR", "CANARY"], service.strategy) && service.percent >= 1 && service.percent <= 99 && service.bake_minutes >= 0 && service.bake_minutes <= 1440])
    error_message = "progressive must have the strategy BLUE_GREEN, LINEAR or CANARY, a percent from 1 to 99, and bake_minutes to 1440."
  }

  validation {
    condition = alltrue(flatten([for service in values(var.progressive) : [for hook in values(service.hooks) : [for stage in hook.stages : contains([
      "RECONCILE_SERVICE", "PRE_SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT",
    ], stage)]]]))
    error_message = "hooks must name stages of a service deployment, such as POST_TEST_TRAFFIC_SHIFT."
  }
}

# ECS moves weights and targets with it, and asks the hooks.
resource "aws_iam_role" "progressive" {
  count = length(var.progressive) == 0 ? 0 : 1

  name                 = "${local.prefix}--shift"
  path                 = local.role_path
  description          = "ECS shifts the requests of ${local.prefix} with it"
  permissions_boundary = module.deploy_role.boundary_arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "progressive" {
  #checkov:skip=CKV_AWS_355:The descriptions of Elastic Load Balancing have no resource in IAM.
  count = length(var.progressive) == 0 ? 0 : 1

  name = "shift"
  role = aws_iam_role.progressive[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Read"
          Effect   = "Allow"
          Action   = ["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"]
          Resource = "*"
        },
        {
          Sid       = "Shift"
          Effect    = "Allow"
          Action    = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule", "elasticloadbalancing:RegisterTargets"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:ResourceTag/Stack" = local.prefix } }
        },
      ],
      [for functions in [distinct(flatten([for service in values(var.progressive) : [for hook in values(service.hooks) : hook.function_arn]]))] : {
        Sid      = "Ask"
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = functions
      } if length(functions) > 0],
    )
  })
}
