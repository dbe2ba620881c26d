variable "progressive" {
  description = "Services whose requests ECS shifts between two target groups, each with a port for test requests; null: none."
  type        = map(object({ test_port = number, test_cidrs = list(string) }))
  default     = {}
}

locals {
  listener_arn = var.https ? one(aws_lb_listener.https[*].arn) : aws_lb_listener.http.arn
  test_ports   = { for name, service in var.progressive : name => service.test_port if service.test_port != null }
}

# The other colour.
resource "aws_lb_target_group" "alternate" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; from there traffic stays in the VPC, between two security groups.
  for_each = var.progressive

  name_prefix          = "${substr(replace(var.targets[each.key].prefix, "-", ""), 0, 5)}-"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  port                 = var.targets[each.key].port
  protocol             = "HTTP"
  protocol_version     = var.targets[each.key].protocol_version
  deregistration_delay = var.targets[each.key].deregistration_delay

  health_check {
    path                = var.targets[each.key].health_check.path
    matcher             = var.targets[each.key].health_check.matcher
    interval            = var.targets[each.key].health_check.interval
    timeout             = var.targets[each.key].health_check.timeout
    healthy_threshold   = var.targets[each.key].health_check.healthy_threshold
    unhealthy_threshold = var.targets[each.key].health_check.unhealthy_threshold
  }

  tags = { Name = "${var.targets[each.key].prefix}--alternate" }

  lifecycle {
    create_before_destroy = true
  }
}

# ECS moves the weights of a rule. That of the service which gets the rest comes last, and is about every path.
resource "aws_lb_listener_rule" "production" {
  for_each = var.progressive

  listener_arn = local.listener_arn
  priority     = coalesce(var.targets[each.key].priority, 49999)

  action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.this[each.key].arn
        weight = 100
      }
      target_group {
        arn    = aws_lb_target_group.alternate[each.key].arn
        weight = 0
      }
    }
  }

  dynamic "condition" {
    for_each = length(var.targets[each.key].hosts) == 0 ? [] : [var.targets[each.key].hosts]
    content {
      host_header {
        values = condition.value
      }
    }
  }

  condition {
    path_pattern {
      values = length(var.targets[each.key].paths) == 0 ? ["/*"] : var.targets[each.key].paths
    }
  }

  lifecycle {
    # Deployments move them.
    ignore_changes = [action]
  }
}

resource "aws_vpc_security_group_ingress_rule" "test" {
  for_each = merge([for name, port in local.test_ports : { for range in var.progressive[name].test_cidrs : "${name}-${range}" => { port = port, range = range } }]...)

  security_group_id = aws_security_group.this.id
  description       = "Test requests"
  cidr_ipv4         = each.value.range
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_lb_listener" "test" {
  #checkov:skip=CKV_AWS_2:The test port is for those of test_cidrs.
  #checkov:skip=CKV_AWS_103:A listener without TLS has no TLS policy.
  for_each = local.test_ports

  load_balancer_arn = aws_lb.this.arn
  port              = each.value
  protocol          = "HTTP"

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "test" {
  for_each = local.test_ports

  listener_arn = aws_lb_listener.test[each.key].arn
  priority     = 1

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.alternate[each.key].arn
  }

  condition {
    path_pattern {
      values = ["/*"]
    }
  }

  lifecycle {
    ignore_changes = [action]
  }
}

output "alternates" {
  description = "What ECS shifts the requests of each such service between."
  value = { for name in keys(var.progressive) : name => {
    target_group_arn    = aws_lb_target_group.alternate[name].arn
    production_rule_arn = aws_lb_listener_rule.production[name].arn
    test_rule_arn       = try(aws_lb_listener_rule.test[name].arn, null)
  } }
}
