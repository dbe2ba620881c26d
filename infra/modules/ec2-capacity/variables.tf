variable "prefix" {
  description = "Beginning of every name."
  type        = string
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "cluster_name" {
  description = "Cluster that the instances join."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the instances."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the instances."
  type        = list(string)
}

variable "instance_type" {
  description = "EC2 instance type."
  type        = string
}

variable "further_types" {
  description = "EC2 instance types that may take its place."
  type        = list(string)
}

variable "spot_percent" {
  description = "Share of the instances beyond the base that are Spot."
  type        = number
}

variable "on_demand_base" {
  description = "Instances that are on demand before the share counts."
  type        = number
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64."
  type        = string
}

variable "gpu" {
  description = "true: ECS's image with GPU drivers."
  type        = bool
}

variable "min_size" {
  description = "Least number of instances."
  type        = number
}

variable "max_size" {
  description = "Greatest number of instances."
  type        = number
}

variable "allow_destroy" {
  description = "true: the group goes with its instances."
  type        = bool
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role of the instances."
  type        = string
}

variable "role_path" {
  description = "IAM path of the roles."
  type        = string
}
