//! Metrics for monitoring systems, in the text formats of OpenMetrics and Prometheus.

mod families;

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

pub use families::METRICS;

use crate::app::metrics::{Histogram, MetricsSnapshot};

/// What all names start with.
const PREFIX: &str = "leasetop";

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsFormat {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The text format of Prometheus, version 0.0.4.
    Prometheus,
}

impl MetricsFormat {
    /// The content type in HTTP.
    pub fn content_type(self) -> &'static str {
        match self {
            MetricsFormat::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            MetricsFormat::Prometheus => prometheus_text::CONTENT_TYPE,
        }
    }
}

/// A metric: its name, its meaning and its samples.
#[derive(Debug)]
pub struct Metric {
    /// The name without prefix, unit and `_total`.
    name: &'static str,
    kind: MetricType,
    unit: Option<&'static str>,
    /// The labels with their values, for the documentation.
    pub labels: &'static str,
    /// The meaning in one sentence, without a full stop.
    pub help: &'static str,
    write: fn(&MetricsSnapshot, &mut Samples<'_>) -> fmt::Result,
}

impl Metric {
    const fn new(
        name: &'static str,
        kind: MetricType,
        labels: &'static str,
        help: &'static str,
        write: fn(&MetricsSnapshot, &mut Samples<'_>) -> fmt::Result,
    ) -> Self {
        Metric { name, kind, unit: None, labels, help, write }
    }

    const fn in_unit(self, unit: &'static str) -> Self {
        Metric { unit: Some(unit), ..self }
    }

    /// The name in queries. A histogram has the samples `_bucket`, `_sum` and `_count`.
    pub fn full_name(&self) -> String {
        let unit = self.unit.map_or(String::new(), |unit| format!("_{unit}"));
        let suffix = match self.kind {
            MetricType::Counter => "_total",
            MetricType::Info => "_info",
            _ => "",
        };
        format!("{PREFIX}_{}{unit}{suffix}", self.name)
    }

    /// The type: `counter`, `gauge`, `histogram` or `info`.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram => "histogram",
            MetricType::Info => "info",
            MetricType::Unknown => "unknown",
        }
    }
}

/// The table of all metrics in the documentation.
pub fn metrics_markdown() -> String {
    let row = |metric: &Metric| {
        format!("| `{}` | {} | {} | {} |\n", metric.full_name(), metric.kind(), metric.help, metric.labels)
    };
    let rows: String = METRICS.iter().map(row).collect();
    format!("| metric | type | meaning | labels |\n|---|---|---|---|\n{rows}")
}

/// The metrics as text.
pub fn metrics_text(snapshot: MetricsSnapshot, format: MetricsFormat) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(AllMetrics(snapshot)));
    let mut written = String::new();
    let outcome = match format {
        MetricsFormat::OpenMetrics => text::encode(&mut written, &registry),
        MetricsFormat::Prometheus => prometheus_text::encode(&mut written, &registry),
    };
    outcome.expect("writing to a string cannot fail");
    written
}

#[derive(Debug)]
struct AllMetrics(MetricsSnapshot);

impl Collector for AllMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in METRICS {
            let unit = metric.unit.map(|unit| Unit::Other(unit.to_owned()));
            let encoder = encoder.encode_descriptor(metric.name, metric.help, unit.as_ref(), metric.kind)?;
            (metric.write)(&self.0, &mut Samples { encoder, kind: metric.kind })?;
        }
        Ok(())
    }
}

/// Where a metric writes its samples.
struct Samples<'a> {
    encoder: MetricEncoder<'a>,
    kind: MetricType,
}

/// Labels and their values.
type Labels<'a> = &'a [(&'a str, &'a str)];

impl Samples<'_> {
    /// Writes a whole number, of a counter or a gauge.
    fn count(&mut self, labels: Labels<'_>, value: impl TryInto<u64>) -> fmt::Result {
        let value = value.try_into().map_err(|_| fmt::Error)?;
        let is_counter = matches!(self.kind, MetricType::Counter);
        let mut sample = self.encoder.encode_family(&labels)?;
        if is_counter { sample.encode_counter::<NoLabelSet, _, f64>(&value, None) } else { sample.encode_gauge(&value) }
    }

    /// Writes a measured value of a gauge.
    fn value(&mut self, labels: Labels<'_>, value: f64) -> fmt::Result {
        self.encoder.encode_family(&labels)?.encode_gauge(&value)
    }

    fn info(&mut self, labels: Labels<'_>) -> fmt::Result {
        self.encoder.encode_info(&labels)
    }

    fn histogram(&mut self, labels: Labels<'_>, histogram: &Histogram) -> fmt::Result {
        let buckets: Vec<(f64, u64)> = histogram.buckets().collect();
        let mut sample = self.encoder.encode_family(&labels)?;
        sample.encode_histogram::<NoLabelSet>(histogram.sum(), histogram.count(), &buckets, None)
    }
}
