"""The CDK app: what its templates say, how its bundle is made, which stages it refuses."""
