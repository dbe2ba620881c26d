# Two roles for GitHub: one that deploys one ECS service, and one that only plans. docs/your-own-service.md says how.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81, < 7.0"
    }
  }
}

variable "repository" {
  type        = string
  description = "The repository on GitHub, as OWNER/NAME."
}

variable "owner_id" {
  type        = string
  default     = ""
  description = "Id of its owner; empty where the tokens of the repository have names (made before 15 July 2026)."
}

variable "repository_id" {
  type        = string
  default     = ""
  description = "Id of the repository; empty as above."
}

variable "environment" {
  type        = string
  default     = "production"
  description = "GitHub environment that deploys."
}

variable "branch" {
  type        = string
  default     = "main"
  description = "Branch that deploys."
}

variable "identity_provider_arn" {
  type        = string
  default     = ""
  description = "GitHub's identity provider in this account; empty makes it (an account has one)."
}

variable "cluster" {
  type = string
}

variable "service" {
  type = string
}

variable "family" {
  type        = string
  description = "Family of the task definition."
}

variable "ecr_repository" {
  type = string
}

variable "log_group" {
  type        = string
  description = "Log group of the containers."
}

variable "execution_role_arn" {
  type        = string
  default     = ""
  description = "Execution role of the task; empty where there is none."
}

variable "task_role_arn" {
  type        = string
  default     = ""
  description = "Role of the task; empty where there is none."
}

variable "secret_arns" {
  type        = list(string)
  default     = []
  description = "ARNs of the secrets in Secrets Manager that the containers get."
}

variable "builds" {
  type        = bool
  default     = true
  description = "The workflow builds the image (context)."
}

variable "runs_pre_deploy_task" {
  type        = bool
  default     = false
  description = "A one-off task runs before the rollout (pre-deploy-command)."
}

variable "asks_alarms" {
  type        = bool
  default     = true
  description = "Alarms are asked (alarms)."
}

variable "asks_metrics" {
  type        = bool
  default     = false
  description = "Metrics are asked (metrics)."
}

variable "on_instances" {
  type        = bool
  default     = false
  description = "Tasks run on instances in the network mode bridge or host."
}

variable "codedeploy_application" {
  type        = string
  default     = ""
  description = "Application of CodeDeploy that deploys the service, such as AppECS-demo-backend; empty where ECS itself does."
}

variable "codedeploy_deployment_group" {
  type        = string
  default     = ""
  description = "Its deployment group for the service, such as DgpECS-demo-backend."
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  # Two clusters may have a service of one name, and the prefix of a role has 38 characters at most.
  prefix   = trimsuffix(substr("${var.cluster}-${var.service}", 0, 30), "-")
  owner    = split("/", var.repository)[0]
  name     = split("/", var.repository)[1]
  subject  = var.repository_id == "" ? "repo:${var.repository}" : "repo:${local.owner}@${var.owner_id}/${local.name}@${var.repository_id}"
  provider = var.identity_provider_arn == "" ? aws_iam_openid_connect_provider.github[0].arn : var.identity_provider_arn

  deploy = concat(
    # generated: deploy
    [{
      Sid       = "Service"
      Effect    = "Allow"
      Action    = ["ecs:DescribeServices", "ecs:UpdateService"]
      Resource  = ["arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/${var.service}"]
      Condition = { StringNotEquals = { "ecs:enable-execute-command" = "true" } }
    }],
    [{
      Sid      = "ServiceDeployments"
      Effect   = "Allow"
      Action   = ["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:StopServiceDeployment", "ecs:ContinueServiceDeployment"]
      Resource = ["arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/${var.service}", "arn:${local.partition}:ecs:${local.region}:${local.account}:service-deployment/${var.cluster}/${var.service}/*", "arn:${local.partition}:ecs:${local.region}:${local.account}:service-revision/${var.cluster}/${var.service}/*"]
    }],
    [{
      Sid      = "Tasks"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
      Resource = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster}/*"]
    }],
    [for statement in [{
      Sid      = "ContainerInstances"
      Effect   = "Allow"
      Action   = ["ecs:DescribeContainerInstances"]
      Resource = ["arn:${local.partition}:ecs:${local.region}:${local.account}:container-instance/${var.cluster}/*"]
    }] : statement if var.on_instances],
    [{
      Sid       = "ListsOfTheCluster"
      Effect    = "Allow"
      Action    = ["ecs:ListTasks", "ecs:ListServices"]
      Resource  = ["*"]
      Condition = { ArnEquals = { "ecs:cluster" = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.cluster}" } }
    }],
    [{
      Sid      = "TaskDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:ListClusters"]
      Resource = ["*"]
    }],
    [{
      Sid       = "NewRevision"
      Effect    = "Allow"
      Action    = ["ecs:RegisterTaskDefinition"]
      Resource  = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${var.family}:*"]
      Condition = { StringNotEquals = { "ecs:privileged" = "true" } }
    }],
    [{
      Sid       = "TagsOnCreation"
      Effect    = "Allow"
      Action    = ["ecs:TagResource"]
      Resource  = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${var.family}:*", "arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster}/*"]
      Condition = { StringEquals = { "ecs:CreateAction" = ["RegisterTaskDefinition", "RunTask"] } }
    }],
    [{
      Sid       = "MarkFailedRevision"
      Effect    = "Allow"
      Action    = ["ecs:TagResource"]
      Resource  = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${var.family}:*"]
      Condition = { StringEquals = { "aws:RequestTag/ecs-fargate-deploy" = "failed" }, "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ecs-fargate-deploy"] } }
    }],
    [for statement in [{
      Sid       = "PreDeployTask"
      Effect    = "Allow"
      Action    = ["ecs:RunTask"]
      Resource  = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${var.family}:*"]
      Condition = { ArnEquals = { "ecs:cluster" = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.cluster}" }, StringNotEquals = { "ecs:enable-execute-command" = "true" } }
    }] : statement if var.runs_pre_deploy_task],
    [for statement in [{
      Sid       = "RolesOfTheTask"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = compact([var.task_role_arn, var.execution_role_arn])
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    }] : statement if length(compact([var.task_role_arn, var.execution_role_arn])) > 0],
    [{
      Sid      = "Image"
      Effect   = "Allow"
      Action   = ["ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = ["arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${var.ecr_repository}"]
    }],
    [for statement in [{
      Sid      = "Push"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
      Resource = ["arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${var.ecr_repository}"]
    }] : statement if var.builds],
    [for statement in [{
      Sid      = "RegistryLogin"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    }] : statement if var.builds],
    [{
      Sid      = "Targets"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"]
      Resource = ["*"]
    }],
    [{
      Sid      = "ContainerLogs"
      Effect   = "Allow"
      Action   = ["logs:GetLogEvents"]
      Resource = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${var.log_group}:log-stream:*"]
    }],
    [for statement in [{
      Sid      = "RolesBeforeStart"
      Effect   = "Allow"
      Action   = ["iam:GetRole"]
      Resource = compact([var.task_role_arn, var.execution_role_arn])
    }] : statement if length(compact([var.task_role_arn, var.execution_role_arn])) > 0],
    [for statement in [{
      Sid      = "SecretsBeforeStart"
      Effect   = "Allow"
      Action   = ["secretsmanager:DescribeSecret"]
      Resource = var.secret_arns
    }] : statement if length(var.secret_arns) > 0],
    [{
      Sid      = "PreflightChecks"
      Effect   = "Allow"
      Action   = ["ssm:DescribeParameters", "logs:DescribeLogGroups", "application-autoscaling:DescribeScalableTargets"]
      Resource = ["*"]
    }],
    [for statement in [{
      Sid      = "Alarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarms"]
      Resource = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:*"]
    }] : statement if var.asks_alarms],
    [for statement in [{
      Sid      = "Metrics"
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricData"]
      Resource = ["*"]
    }] : statement if var.asks_metrics],
    [for statement in [{
      Sid      = "CodeDeployGroup"
      Effect   = "Allow"
      Action   = ["codedeploy:GetDeploymentGroup", "codedeploy:GetDeployment", "codedeploy:CreateDeployment", "codedeploy:ListDeployments", "codedeploy:BatchGetDeployments"]
      Resource = ["arn:${local.partition}:codedeploy:${local.region}:${local.account}:deploymentgroup:${var.codedeploy_application}/${var.codedeploy_deployment_group}"]
    }] : statement if var.codedeploy_application != ""],
    [for statement in [{
      Sid      = "CodeDeployRevisions"
      Effect   = "Allow"
      Action   = ["codedeploy:RegisterApplicationRevision", "codedeploy:GetApplicationRevision"]
      Resource = ["arn:${local.partition}:codedeploy:${local.region}:${local.account}:application:${var.codedeploy_application}"]
    }] : statement if var.codedeploy_application != ""],
    [for statement in [{
      Sid      = "CodeDeployConfigurations"
      Effect   = "Allow"
      Action   = ["codedeploy:GetDeploymentConfig"]
      Resource = ["arn:${local.partition}:codedeploy:${local.region}:${local.account}:deploymentconfig:*"]
    }] : statement if var.codedeploy_application != ""],
    [for statement in [{
      Sid      = "CodeDeployDeployments"
      Effect   = "Allow"
      Action   = ["codedeploy:BatchGetDeploymentTargets", "codedeploy:ContinueDeployment", "codedeploy:StopDeployment"]
      Resource = ["*"]
    }] : statement if var.codedeploy_application != ""],
    # end: deploy
  )

  plan = concat(
    # generated: plan
    [{
      Sid      = "Service"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices"]
      Resource = ["arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/${var.service}"]
    }],
    [{
      Sid      = "ServiceDeployments"
      Effect   = "Allow"
      Action   = ["ecs:ListServiceDeployments", "ecs:DescribeServiceRevisions"]
      Resource = ["arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/${var.service}", "arn:${local.partition}:ecs:${local.region}:${local.account}:service-revision/${var.cluster}/${var.service}/*"]
    }],
    [{
      Sid       = "ListsOfTheCluster"
      Effect    = "Allow"
      Action    = ["ecs:ListServices", "ecs:ListTasks"]
      Resource  = ["*"]
      Condition = { ArnEquals = { "ecs:cluster" = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.cluster}" } }
    }],
    [{
      Sid      = "Tasks"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTasks"]
      Resource = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster}/*"]
    }],
    [{
      Sid      = "TaskDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTaskDefinition", "ecs:ListClusters"]
      Resource = ["*"]
    }],
    [{
      Sid      = "Image"
      Effect   = "Allow"
      Action   = ["ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = ["arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${var.ecr_repository}"]
    }],
    [{
      Sid      = "Targets"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"]
      Resource = ["*"]
    }],
    [for statement in [{
      Sid      = "RolesBeforeStart"
      Effect   = "Allow"
      Action   = ["iam:GetRole"]
      Resource = compact([var.task_role_arn, var.execution_role_arn])
    }] : statement if length(compact([var.task_role_arn, var.execution_role_arn])) > 0],
    [for statement in [{
      Sid      = "SecretsBeforeStart"
      Effect   = "Allow"
      Action   = ["secretsmanager:DescribeSecret"]
      Resource = var.secret_arns
    }] : statement if length(var.secret_arns) > 0],
    [{
      Sid      = "PreflightChecks"
      Effect   = "Allow"
      Action   = ["ssm:DescribeParameters", "logs:DescribeLogGroups", "application-autoscaling:DescribeScalableTargets"]
      Resource = ["*"]
    }],
    [for statement in [{
      Sid      = "Alarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarms"]
      Resource = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:*"]
    }] : statement if var.asks_alarms],
    [for statement in [{
      Sid      = "Metrics"
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricData"]
      Resource = ["*"]
    }] : statement if var.asks_metrics],
    [for statement in [{
      Sid      = "CodeDeployGroup"
      Effect   = "Allow"
      Action   = ["codedeploy:GetDeploymentGroup", "codedeploy:ListDeployments", "codedeploy:BatchGetDeployments"]
      Resource = ["arn:${local.partition}:codedeploy:${local.region}:${local.account}:deploymentgroup:${var.codedeploy_application}/${var.codedeploy_deployment_group}"]
    }] : statement if var.codedeploy_application != ""],
    [for statement in [{
      Sid      = "CodeDeployRevisions"
      Effect   = "Allow"
      Action   = ["codedeploy:GetApplicationRevision"]
      Resource = ["arn:${local.partition}:codedeploy:${local.region}:${local.account}:application:${var.codedeploy_application}"]
    }] : statement if var.codedeploy_application != ""],
    [for statement in [{
      Sid      = "CodeDeployConfigurations"
      Effect   = "Allow"
      Action   = ["codedeploy:GetDeploymentConfig"]
      Resource = ["arn:${local.partition}:codedeploy:${local.region}:${local.account}:deploymentconfig:*"]
    }] : statement if var.codedeploy_application != ""],
    # end: plan
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.identity_provider_arn == "" ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  name_prefix          = "${local.prefix}-deploy-"
  description          = "Deployments from ${var.repository}"
  max_session_duration = 7200
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:ref" = "refs/heads/${var.branch}"
          "token.actions.githubusercontent.com:sub" = "${local.subject}:environment:${var.environment}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "deploy" {
  name   = "deploy"
  role   = aws_iam_role.deploy.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.deploy })
}

resource "aws_iam_role" "plan" {
  name_prefix = "${local.prefix}-plan-"
  description = "Plans on pull requests of ${var.repository}; reads only"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "${local.subject}:pull_request"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "plan" {
  name   = "plan"
  role   = aws_iam_role.plan.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.plan })
}

output "deploy_role_arn" {
  value = aws_iam_role.deploy.arn
}

output "plan_role_arn" {
  value = aws_iam_role.plan.arn
}
