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
  # A target group that a listener uses cannot be replaced under its own name.
  name_prefix          = "${substr(replace(var.prefix, "-", ""), 0, 5)}-"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  port                 = var.container_port
  protocol             = "HTTP"
  deregistration_delay = var.deregistration_delay_seconds

  health_check {
    path                = var.health_check_path
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = { Name = var.prefix }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:HTTP only redirects as soon as there is a certificate or a domain; the output https says which it is.
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
    for_each = var.https ? [] : ["forward"]
    content {
      type             = "forward"
      target_group_arn = aws_lb_target_group.this.arn
    }
  }
}

resource "aws_lb_listener" "https" {
  count = var.https ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = local.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}
