# The policies and trusts as AWS gets them: planned offline by the real provider.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

variables {
  prefix                   = "backend-prod"
  region                   = "us-east-1"
  cluster_name             = "backend-prod"
  service_names            = ["backend", "worker"]
  families                 = ["backend-prod"]
  repository_names         = ["backend-prod"]
  log_group_names          = ["/ecs/backend-prod"]
  task_role_names          = ["backend-prod-task"]
  execution_role_names     = ["backend-prod-execution"]
  github_repository        = "octo-org/video"
  github_owner_id          = null
  github_repository_id     = null
  github_subject_format    = "auto"
  deploy_context           = "environment:prod"
  infra_context            = "environment:prod-infra"
  infra_plan_context       = "environment:prod-plan"
  identity_provider_arn    = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
  github_branch            = "main"
  ec2_capacity             = true
  secret_arns              = []
  domain_names             = []
  role_path                = "/backend-prod/"
  permissions_boundary_arn = null
  hosted_zone_id           = null
  state_bucket             = "states"
  state_key                = "backend-prod.tfstate"

  deregister_failed_revisions = true
}

run "deploy" {
  command = plan

  module {
    source = "./modules/deploy-role"
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }

  assert {
    condition = jsondecode(aws_iam_role.deploy.assume_role_policy).Statement[0].Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = ["repo:octo-org/video:environment:prod"]
        "token.actions.githubusercontent.com:ref" = "refs/heads/main"
      }
    }
    error_message = "The deploy role trusts one audience, one exact subject, and one branch."
  }

  assert {
    condition     = jsondecode(aws_iam_role.plan.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:octo-org/video:pull_request"]
    error_message = "Pull requests get the plan role."
  }

  assert {
    condition     = jsondecode(aws_iam_role.infra.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:ref"] == "refs/heads/main"
    error_message = "Terraform is applied from one branch."
  }

  assert {
    condition     = jsondecode(aws_iam_role.infra_plan.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:octo-org/video:environment:prod-plan"]
    error_message = "A pull request alone cannot plan Terraform."
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.deploy, aws_iam_role.plan, aws_iam_role.infra_plan, aws_iam_role.infra] : role.path == "/backend-prod/"])
    error_message = "The roles are under the path of their stack."
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.deploy, aws_iam_role.plan, aws_iam_role.infra_plan, aws_iam_role.infra] : !strcontains(role.assume_role_policy, "*")])
    error_message = "No trust has a wildcard."
  }

  assert {
    condition     = !strcontains(aws_iam_role.deploy.assume_role_policy, "pull_request") && !strcontains(aws_iam_role.infra.assume_role_policy, "pull_request")
    error_message = "A pull request can neither deploy nor apply."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.deploy.policy).Statement : statement if contains(flatten([statement.Action]), "iam:PassRole")
      ] == [{
        Sid       = "RolesOfTheTask"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = ["arn:aws:iam::111122223333:role/backend-prod-task", "arn:aws:iam::111122223333:role/backend-prod-execution"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    }]
    error_message = "The deploy role hands two roles to ECS tasks, and nothing else to nobody else."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.deploy.policy).Statement : statement.Resource if statement.Sid == "Service"
    ]) == ["arn:aws:ecs:us-east-1:111122223333:service/backend-prod/backend", "arn:aws:ecs:us-east-1:111122223333:service/backend-prod/worker"]
    error_message = "Each service has its ARN."
  }

  assert {
    condition     = length(regexall("REGION|ACCOUNT|CLUSTER|SERVICE|FAMILY|REPOSITORY|LOG_GROUP|_ROLE", join("", values(output.policies)))) == 0
    error_message = "No placeholder is left."
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.plan.policy).Statement : [for action in statement.Action : can(regex(":(Describe|List|Get|BatchGet)", action))]
    ]))
    error_message = "The plan role only reads."
  }

  assert {
    condition     = max([for policy in [aws_iam_role_policy.deploy, aws_iam_role_policy.plan, aws_iam_role_policy.infra] : length(policy.policy)]...) < 10240
    error_message = "The inline policies of a role may have 10,240 characters."
  }

  assert {
    condition     = max(length(aws_iam_policy.infra_reads.policy), length(aws_iam_policy.boundary[0].policy)) < 6144
    error_message = "A managed policy may have 6,144 characters."
  }
}

run "immutable_subject" {
  command = plan

  module {
    source = "./modules/deploy-role"
  }

  variables {
    github_owner_id      = 123456
    github_repository_id = 456789
    deploy_context       = "ref:refs/heads/main"

    deregister_failed_revisions = false
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }

  assert {
    condition     = jsondecode(aws_iam_role.deploy.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:octo-org@123456/video@456789:ref:refs/heads/main"]
    error_message = "With ids the immutable subject is trusted, and no other."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.deploy.policy, "ecs:DeregisterTaskDefinition") && strcontains(aws_iam_role_policy.deploy.policy, "ecs:DescribeTaskDefinition")
    error_message = "Where it is not wanted, the role cannot touch the revisions of others."
  }
}

run "no_pull_request_deploys" {
  command = plan

  module {
    source = "./modules/deploy-role"
  }

  variables {
    deploy_context = "pull_request"
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }

  expect_failures = [var.deploy_context]
}
