"""What who runs a hub sees of it: figures for Prometheus, log lines as JSON, traces where an OTLP endpoint is named."""
