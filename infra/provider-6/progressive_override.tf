terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.21, < 7.0"
    }
  }
}

module "load_balancer" {
  progressive = { for name, service in var.progressive : name => { test_port = service.test_port, test_cidrs = service.test_cidrs } }
}

module "service" {
  progressive = !contains(keys(var.progressive), each.key) ? null : merge(var.progressive[each.key], {
    role_arn                   = aws_iam_role.progressive[0].arn
    alternate_target_group_arn = module.load_balancer[0].alternates[each.key].target_group_arn
    production_rule_arn        = module.load_balancer[0].alternates[each.key].production_rule_arn
    test_rule_arn              = module.load_balancer[0].alternates[each.key].test_rule_arn
  })
}
