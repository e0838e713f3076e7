"""Traces and figures by OpenTelemetry; nothing of it is loaded unless the option asks for it.

Names of spans, attributes and figures are those of OpenTelemetry's semantic conventions.
"""

from parsepy.telemetry.recording import Providers, Telemetry

__all__ = ["Providers", "Telemetry"]
