# From the layout in which infra/ itself was applied with a file of variables. A stack that is made now has nothing here.
moved {
  from = module.network
  to   = module.stack.module.network
}

moved {
  from = module.load_balancer
  to   = module.stack.module.load_balancer[0]
}

moved {
  from = module.observability
  to   = module.stack.module.observability
}

moved {
  from = module.ec2_capacity
  to   = module.stack.module.ec2_capacity
}

moved {
  from = module.service
  to   = module.stack.module.service["backend"]
}

moved {
  from = module.deploy_role
  to   = module.stack.module.deploy_role
}

moved {
  from = aws_kms_key.logs
  to   = module.stack.aws_kms_key.logs
}

moved {
  from = aws_kms_alias.logs
  to   = module.stack.aws_kms_alias.logs
}

moved {
  from = aws_cloudwatch_log_group.container
  to   = module.stack.aws_cloudwatch_log_group.container
}

moved {
  from = aws_cloudwatch_log_group.exec
  to   = module.stack.aws_cloudwatch_log_group.exec
}

moved {
  from = module.stack.module.service["backend"].aws_ecs_cluster.this
  to   = module.stack.module.cluster.aws_ecs_cluster.this
}

moved {
  from = module.stack.module.service["backend"].aws_ecs_cluster_capacity_providers.this
  to   = module.stack.module.cluster.aws_ecs_cluster_capacity_providers.this
}

moved {
  from = module.stack.module.load_balancer[0].aws_lb_target_group.this
  to   = module.stack.module.load_balancer[0].aws_lb_target_group.this["backend"]
}

moved {
  from = module.stack.module.observability.aws_cloudwatch_metric_alarm.errors
  to   = module.stack.module.observability.aws_cloudwatch_metric_alarm.errors["backend"]
}

moved {
  from = module.stack.module.observability.aws_cloudwatch_metric_alarm.unhealthy
  to   = module.stack.module.observability.aws_cloudwatch_metric_alarm.unhealthy["backend"]
}

# The stack of the account has these now, and imports them: adopt_repositories, adopt_identity_provider.
removed {
  from = module.registry

  lifecycle {
    destroy = false
  }
}

removed {
  from = module.stack.module.deploy_role.aws_iam_openid_connect_provider.github

  lifecycle {
    destroy = false
  }
}
