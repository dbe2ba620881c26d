# Deploys: the action with every mode.
resource "aws_iam_role" "deploy" {
  name                 = "${var.prefix}-deploy"
  description          = "Deployments from ${var.github_repository}"
  assume_role_policy   = local.trust["deploy"]
  permissions_boundary = var.permissions_boundary_arn
  max_session_duration = 7200
}

resource "aws_iam_role_policy" "deploy" {
  #checkov:skip=CKV_AWS_355:The statements with * hold actions for which IAM knows no resource; the others name theirs.
  #checkov:skip=CKV_AWS_289:No permissions management: iam:PassRole is for two roles and ECS tasks only.
  #checkov:skip=CKV_AWS_290:DeregisterTaskDefinition, the only change on *, has no resource in IAM.
  name   = "deploy"
  role   = aws_iam_role.deploy.id
  policy = local.policies["deploy"]
}

# Plans: mode: plan of the action, and terraform plan. The one role that pull requests get.
resource "aws_iam_role" "plan" {
  name                 = "${var.prefix}-plan"
  description          = "Plans on pull requests of ${var.github_repository}; reads only"
  assume_role_policy   = local.trust["plan"]
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "plan" {
  #checkov:skip=CKV_AWS_355:The statements with * hold reads for which IAM knows no resource; the others name theirs.
  name   = "plan"
  role   = aws_iam_role.plan.id
  policy = local.policies["plan"]
}

resource "aws_iam_role_policy" "plan_infra" {
  #checkov:skip=CKV_AWS_355:terraform plan reads what the stack has, and most reads of EC2 and Elastic Load Balancing have no resource in IAM.
  name   = "terraform-plan"
  role   = aws_iam_role.plan.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.infra_reads, local.state_reads) })
}

# Applies Terraform. Behind a GitHub environment of its own, which is to have reviewers.
resource "aws_iam_role" "infra" {
  name                 = "${var.prefix}-infra"
  description          = "Terraform of ${var.github_repository}"
  assume_role_policy   = local.trust["infra"]
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "infra" {
  #checkov:skip=CKV_AWS_286:The role makes roles, since the stack has some: under its own prefix, with the boundary where there is one, and never its own policies.
  #checkov:skip=CKV_AWS_287:No credentials are read; Describe and Get calls of the services that the stack uses are.
  #checkov:skip=CKV_AWS_288:The state is the only data that the role reads.
  #checkov:skip=CKV_AWS_289:See CKV_AWS_286.
  #checkov:skip=CKV_AWS_290:Ids of new networks and load balancers are not known beforehand; the region is a condition instead.
  #checkov:skip=CKV_AWS_355:Ids of new networks and load balancers are not known beforehand; the region is a condition instead.
  name = "terraform-apply"
  role = aws_iam_role.infra.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.infra_reads, local.infra_writes, local.zone_writes, local.state_reads, local.state_writes)
  })
}
