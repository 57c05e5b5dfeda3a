"""Results gathered into one self-contained HTML file; and the exporter for users' notebooks."""

from kubenetlab.report.page import report_html, write_report

__all__ = ["report_html", "write_report"]
