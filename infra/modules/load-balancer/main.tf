locals {
  certificate_arn = var.domain_name == null ? var.certificate_arn : one(aws_acm_certificate_validation.this[*].certificate_arn)
}

resource "aws_security_group" "this" {
  name        = "${var.prefix}-lb"
  description = "Load balancer of ${var.prefix}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.prefix}-lb" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  #checkov:skip=CKV_AWS_260:Port 80 is the way in for users; with HTTPS it only redirects. allowed_cidrs narrows it.
  for_each = toset(var.allowed_cidrs)

  security_group_id = aws_security_group.this.id
  description       = var.https ? "HTTP, redirected to HTTPS" : "HTTP"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each = var.https ? toset(var.allowed_cidrs) : toset([])

  security_group_id = aws_security_group.this.id
  description       = "HTTPS"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_150:Deletion protection is on unless allow_destroy says otherwise.
  #checkov:skip=CKV_AWS_91:Access logs are on unless access_logs says otherwise.
  #checkov:skip=CKV2_AWS_28:A web ACL comes with waf = true; it is charged by the month and by requests.
  #checkov:skip=CKV2_AWS_76:The rules against Log4j are in the web ACL; the list of anonymous addresses, which this rule wants as well, shuts out hosting providers, and with them the runner that asks the health-check URL.
  #checkov:skip=CKV2_AWS_20:HTTP redirects as soon as there is a certificate or a domain.
  name                       = var.prefix
  internal                   = var.internal
  load_balancer_type         = "application"
  subnets                    = var.subnet_ids
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_deletion_protection = !var.allow_destroy
  idle_timeout               = var.idle_timeout_seconds

  dynamic "access_logs" {
    for_each = aws_s3_bucket.logs
    content {
      enabled = true
      bucket  = access_logs.value.bucket
      prefix  = var.prefix
    }
  }

  # Deliveries are tried as soon as logs are switched on.
  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; from there traffic stays in the VPC, between two security groups.
  for_each = var.targets

  # A target group that a listener uses cannot be replaced under its own name.
  name_prefix          = "${substr(replace(each.value.prefix, "-", ""), 0, 5)}-"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  port                 = each.value.port
  protocol             = "HTTP"
  protocol_version     = each.value.protocol_version
  deregistration_delay = each.value.deregistration_delay

  health_check {
    path                = each.value.health_check.path
    matcher             = each.value.health_check.matcher
    interval            = each.value.health_check.interval
    timeout             = each.value.health_check.timeout
    healthy_threshold   = each.value.health_check.healthy_threshold
    unhealthy_threshold = each.value.health_check.unhealthy_threshold
  }

  dynamic "stickiness" {
    for_each = each.value.stickiness_seconds == null ? [] : [each.value.stickiness_seconds]
    content {
      type            = "lb_cookie"
      cookie_duration = stickiness.value
    }
  }

  tags = { Name = each.value.prefix }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # Who gets what no rule is about. Without such a service it is nobody.
  default = one([for name, target in var.targets : name if length(target.hosts) + length(target.paths) == 0])
  rules   = { for name, target in var.targets : name => target if length(target.hosts) + length(target.paths) > 0 }
}

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:HTTP only redirects as soon as there is a certificate or a domain.
  #checkov:skip=CKV_AWS_103:A listener without TLS has no TLS policy.
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  dynamic "default_action" {
    for_each = var.https ? ["redirect"] : []
    content {
      type = "redirect"
      redirect {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }

  dynamic "default_action" {
    for_each = var.https || local.default == null ? [] : ["forward"]
    content {
      type             = "forward"
      target_group_arn = aws_lb_target_group.this[local.default].arn
    }
  }

  dynamic "default_action" {
    for_each = var.https || local.default != null ? [] : ["nobody"]
    content {
      type = "fixed-response"
      fixed_response {
        content_type = "text/plain"
        status_code  = "404"
      }
    }
  }

  # Nobody is redirected to a port on which nobody listens yet.
  depends_on = [aws_lb_listener.https]
}

resource "aws_lb_listener" "https" {
  count = var.https ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = local.certificate_arn

  dynamic "default_action" {
    for_each = local.default == null ? [] : ["forward"]
    content {
      type             = "forward"
      target_group_arn = aws_lb_target_group.this[local.default].arn
    }
  }

  dynamic "default_action" {
    for_each = local.default != null ? [] : ["nobody"]
    content {
      type = "fixed-response"
      fixed_response {
        content_type = "text/plain"
        status_code  = "404"
      }
    }
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each = local.rules

  listener_arn = var.https ? aws_lb_listener.https[0].arn : aws_lb_listener.http.arn
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }

  dynamic "condition" {
    for_each = length(each.value.hosts) == 0 ? [] : [each.value.hosts]
    content {
      host_header {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.paths) == 0 ? [] : [each.value.paths]
    content {
      path_pattern {
        values = condition.value
      }
    }
  }

  # With a certificate the rules move to the HTTPS listener: there before they go here.
  lifecycle {
    create_before_destroy = true
  }
}
