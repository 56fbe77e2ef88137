"""Objects in S3: source trees that go in, artifacts that come out."""
