"""What a source extract leaves: parts below a manifest, a watermark, a table over them."""
