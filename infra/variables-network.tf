variable "vpc_id" {
  description = "Existing VPC to use. With it, public_subnet_ids and private_subnet_ids are needed and nothing of the network is created."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_id == null || can(regex("^vpc-[0-9a-f]{8,17}$", coalesce(var.vpc_id, "-")))
    error_message = "vpc_id must be the id of a VPC, vpc-..."
  }
}

variable "public_subnet_ids" {
  description = "Subnets of the load balancer in the existing VPC, in at least two zones."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = var.vpc_id == null ? length(var.public_subnet_ids) == 0 : length(distinct(var.public_subnet_ids)) >= 2
    error_message = "public_subnet_ids must name at least two subnets with vpc_id, and none without."
  }
}

variable "private_subnet_ids" {
  description = "Subnets of the tasks in the existing VPC, with a way to ECR, CloudWatch Logs and S3."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = var.vpc_id == null ? length(var.private_subnet_ids) == 0 : length(distinct(var.private_subnet_ids)) >= 2
    error_message = "private_subnet_ids must name at least two subnets with vpc_id, and none without."
  }
}

variable "vpc_cidr" {
  description = "Address range of the VPC, /16 to /22."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(cidrhost(var.vpc_cidr, 0) == split("/", var.vpc_cidr)[0] && tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 22, false)
    error_message = "vpc_cidr must be an IPv4 range from /16 to /22 that begins at its first address, such as 10.0.0.0/16."
  }

  validation {
    condition     = var.vpc_id == null || var.vpc_cidr == "10.0.0.0/16"
    error_message = "With vpc_id nothing of the network is made, and vpc_cidr would do nothing: leave it out."
  }
}

variable "zone_count" {
  description = "Number of availability zones."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3], var.zone_count)
    error_message = "zone_count must be 2 or 3."
  }

  validation {
    condition     = var.vpc_id == null || var.zone_count == 2
    error_message = "With vpc_id nothing of the network is made, and zone_count would do nothing: leave it out."
  }
}

variable "subnet_places" {
  description = "Sixteenths of vpc_cidr that the subnets have, in the order of the zones. Default: { public = [0, 1, 4], private = [2, 3, 5] }. A stack of three zones that is older than this variable has { public = [0, 1, 2], private = [3, 4, 5] }: a subnet cannot move."
  type        = object({ public = list(number), private = list(number) })
  default     = null

  validation {
    condition = var.subnet_places == null || try(
      length(distinct(concat(var.subnet_places.public, var.subnet_places.private))) == length(concat(var.subnet_places.public, var.subnet_places.private)) &&
      min(length(var.subnet_places.public), length(var.subnet_places.private)) >= var.zone_count &&
      alltrue([for place in concat(var.subnet_places.public, var.subnet_places.private) : place >= 0 && place <= 15 && floor(place) == place]),
    false)
    error_message = "subnet_places must have a place from 0 to 15 for each zone and kind, each once."
  }
}

variable "nat" {
  description = "How private subnets reach the internet: per-az (a NAT gateway in each zone), single (one for all), or none. With none and no vpc_endpoints, tasks run in the public subnets with a public address; nothing but the load balancer reaches them."
  type        = string
  default     = "per-az"
  nullable    = false

  validation {
    condition     = contains(["per-az", "single", "none"], var.nat)
    error_message = "nat must be per-az, single or none."
  }

  validation {
    condition     = !(contains(concat([var.capacity], [for service in try(values(var.services), []) : try(service.capacity.kind, "fargate")]), "ec2") && var.nat == "none" && var.vpc_id == null && !var.vpc_endpoints)
    error_message = "nat = none with capacity = ec2, of any service, needs vpc_endpoints = true: tasks on instances get no public address."
  }

  validation {
    condition     = var.vpc_id == null || var.nat == "per-az"
    error_message = "With vpc_id nothing of the network is made, and nat would do nothing: leave it out."
  }
}

variable "vpc_endpoints" {
  description = "true: interface endpoints for ECR, CloudWatch Logs, Secrets Manager and ECS Exec (with capacity = ec2 for ECS as well), so that this traffic needs no NAT. The S3 gateway endpoint, which is free, is always there."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = var.vpc_id == null || !var.vpc_endpoints
    error_message = "With vpc_id nothing of the network is made, and vpc_endpoints would do nothing: leave it out."
  }
}

variable "flow_logs" {
  description = "true: write the VPC's flow logs to CloudWatch."
  type        = bool
  default     = true
  nullable    = false
}

variable "assign_public_ip" {
  description = "true: tasks run in the public subnets with public addresses, as they must in a VPC that has no others. Default: with nat = none and no vpc_endpoints in a VPC of the stack."
  type        = bool
  default     = null
}

variable "internal" {
  description = "true: the load balancer has private addresses only."
  type        = bool
  default     = false
  nullable    = false
}

variable "allowed_cidrs" {
  description = "IPv4 ranges that may reach the load balancer. With others than everybody, or internal, GitHub's own runners cannot ask its URL: deploy without health-check-url, or from a runner inside."
  type        = list(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for range in var.allowed_cidrs : can(cidrnetmask(range)) && try(cidrhost(range, 0) == split("/", range)[0], false)])
    error_message = "allowed_cidrs must hold at least one address range, each an IPv4 range that begins at its first address."
  }
}

variable "certificate_arn" {
  description = "ARN of an ACM certificate in aws_region: HTTPS with it, and HTTP only redirects. Excludes domain_name."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:${var.aws_region}:[0-9]{12}:certificate/", coalesce(var.certificate_arn, "-")))
    error_message = "certificate_arn must be the ARN of an ACM certificate in aws_region."
  }

  validation {
    condition     = var.certificate_arn == null || var.domain_name == null
    error_message = "certificate_arn and domain_name exclude each other: with a domain name the certificate is created."
  }
}

variable "domain_name" {
  description = "Domain name of the service: its certificate is created and validated, and the name points to the load balancer. Needs hosted_zone_id."
  type        = string
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", coalesce(var.domain_name, "-")))
    error_message = "domain_name must be one full domain name, without a wildcard."
  }

  validation {
    condition     = (var.domain_name == null) == (var.hosted_zone_id == null)
    error_message = "domain_name and hosted_zone_id go together."
  }
}

variable "hosted_zone_id" {
  description = "Id of the Route 53 zone that holds domain_name."
  type        = string
  default     = null

  validation {
    condition     = var.hosted_zone_id == null || can(regex("^[A-Z0-9]{1,32}$", coalesce(var.hosted_zone_id, "-")))
    error_message = "hosted_zone_id must be the id of a Route 53 zone: capital letters and digits"
  }
}

variable "ssl_policy" {
  description = "TLS policy of the HTTPS listener."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  nullable    = false

  validation {
    condition     = can(regex("^ELBSecurityPolicy-TLS13-1-[23]-", var.ssl_policy))
    error_message = "ssl_policy must be one that starts at TLS 1.2, ELBSecurityPolicy-TLS13-1-2-... or -1-3-..."
  }
}

variable "idle_timeout_seconds" {
  description = "Seconds after which the load balancer gives up on a silent connection."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.idle_timeout_seconds >= 1 && var.idle_timeout_seconds <= 4000
    error_message = "idle_timeout_seconds must be from 1 to 4000."
  }
}

variable "access_logs" {
  description = "true: write the load balancer's access logs to an S3 bucket of the stack, kept 90 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "waf" {
  description = "true: a web ACL with AWS's managed rules in front of the load balancer."
  type        = bool
  default     = false
  nullable    = false
}

variable "waf_rate_limit" {
  description = "With waf: requests of one address in five minutes above which the web ACL answers 429."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.waf_rate_limit >= 10 && var.waf_rate_limit <= 2000000000 && floor(var.waf_rate_limit) == var.waf_rate_limit
    error_message = "waf_rate_limit must be a whole number from 10 to 2000000000."
  }
}

variable "upload_paths" {
  description = "With waf: paths that take files, such as /thumbnails. The web ACL does not look for scripts in what is sent there, since a file may hold by chance what looks like one."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for path in var.upload_paths : can(regex("^(/[A-Za-z0-9_-]+)+$", path))])
    error_message = "upload_paths must be paths such as /thumbnails, of letters, digits, _ and -, without a slash at the end."
  }

  validation {
    condition     = length(join("|", var.upload_paths)) <= 500
    error_message = "upload_paths must have at most 500 characters together."
  }
}
