"""The report's plots: one function per plot, data in, an inline SVG out; colours follow the page's theme."""
