# Deploys: the action with every mode.
resource "aws_iam_role" "deploy" {
  name                 = "${var.prefix}-deploy"
  path                 = var.role_path
  description          = "Deployments from ${var.github_repository}"
  assume_role_policy   = local.trust["deploy"]
  permissions_boundary = local.boundary
  max_session_duration = 7200
}

resource "aws_iam_role_policy" "deploy" {
  #checkov:skip=CKV_AWS_355:The statements with * hold actions for which IAM knows no resource; the others name theirs.
  #checkov:skip=CKV_AWS_289:No permissions management: iam:PassRole is for the roles of the tasks and ECS tasks only.
  #checkov:skip=CKV_AWS_290:DeregisterTaskDefinition, the only change on *, has no resource in IAM.
  name   = "deploy"
  role   = aws_iam_role.deploy.id
  policy = local.policies["deploy"]
}

# Plans: mode: plan of the action. The one role that pull requests get without an environment.
resource "aws_iam_role" "plan" {
  name                 = "${var.prefix}-plan"
  path                 = var.role_path
  description          = "Plans on pull requests of ${var.github_repository}; reads only"
  assume_role_policy   = local.trust["plan"]
  permissions_boundary = local.boundary
}

resource "aws_iam_role_policy" "plan" {
  #checkov:skip=CKV_AWS_355:The statements with * hold reads for which IAM knows no resource; the others name theirs.
  name   = "plan"
  role   = aws_iam_role.plan.id
  policy = local.policies["plan"]
}

# What terraform plan reads, with and without an apply after it.
resource "aws_iam_policy" "infra_reads" {
  #checkov:skip=CKV_AWS_355:Most lists of EC2 and Elastic Load Balancing have no resource in IAM.
  name        = "${var.prefix}-infra-reads"
  path        = var.role_path
  description = "What Terraform reads of ${var.prefix}"
  policy      = jsonencode({ Version = "2012-10-17", Statement = concat(local.infra_reads, local.zone_reads, local.state_reads) })
}

# terraform plan: reads the stack and its state, which is more than a pull request needs to see.
resource "aws_iam_role" "infra_plan" {
  name                 = "${var.prefix}-infra-plan"
  path                 = var.role_path
  description          = "Plans of Terraform of ${var.github_repository}; reads only"
  assume_role_policy   = local.trust["infra-plan"]
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy_attachment" "infra_plan" {
  role       = aws_iam_role.infra_plan.name
  policy_arn = aws_iam_policy.infra_reads.arn
}

# Applies Terraform. Behind a GitHub environment of its own, which is to have reviewers.
resource "aws_iam_role" "infra" {
  name                 = "${var.prefix}-infra"
  path                 = var.role_path
  description          = "Terraform of ${var.github_repository}"
  assume_role_policy   = local.trust["infra"]
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy_attachment" "infra" {
  role       = aws_iam_role.infra.name
  policy_arn = aws_iam_policy.infra_reads.arn
}

resource "aws_iam_role_policy" "infra" {
  #checkov:skip=CKV_AWS_286:The role makes roles, since the stack has some: under the stack's path, within its boundary, and never its own policies.
  #checkov:skip=CKV_AWS_287:Of parameters it reads ECS's public ones only.
  #checkov:skip=CKV_AWS_288:The state is the only data that the role reads.
  #checkov:skip=CKV_AWS_289:See CKV_AWS_286.
  #checkov:skip=CKV_AWS_290:Where AWS chooses the id, the tag of the stack is a condition.
  #checkov:skip=CKV_AWS_355:Where AWS chooses the id, the tag of the stack is a condition.
  name   = "terraform-apply"
  role   = aws_iam_role.infra.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.infra_writes, local.zone_writes, local.state_writes) })
}
