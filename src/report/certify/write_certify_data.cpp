// Steps that are proved, for machines: JSON and CSV.

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "certify/parts.hpp"
#include "smoothbound/report/charts/line_certificate.hpp"

namespace smoothbound {
namespace {

// A number that is not finite is a text.
void put_certified(JsonWriter& json, std::string_view key, double value) {
  if (std::isfinite(value)) return json.member(key, value);
  json.member(key, fmt::format("{}", value));
}

void put_range(JsonWriter& json, const Range& range) {
  put_certified(json, "lower", range.lower);
  put_certified(json, "upper", range.upper);
}

void put_step(JsonWriter& json, std::string_view key, const std::optional<ProvedStep>& step) {
  if (!step) return;
  json.object(key, [&] {
    json.member("t", step->t);
    put_range(json, {step->lower, step->upper});
    json.member("decrease", step->decrease);
    json.member("length", step->length);
    json.member("order", step->order);
  });
}

void put_asked(JsonWriter& json, const CertifyReport::AskedStep& asked) {
  json.object("asked", [&] {
    json.member("t", asked.t);
    put_range(json, asked.bounds);
    put_certified(json, "value", asked.value);
    json.member("verdict", name_of(asked.verdict));
  });
}

void put_stored(JsonWriter& json, const CertifyReport::StoredStep& stored) {
  json.object("stored", [&] {
    json.member("precision", name_of(Precision::float32));
    json.member("t", stored.t);
    json.object("start", [&] { put_range(json, stored.start); });
    put_range(json, stored.bounds);
    put_certified(json, "value", stored.value);
    json.member("verdict", name_of(stored.verdict));
  });
}

void put_line_search(JsonWriter& json, const CertifyReport& report) {
  if (!report.line_search) return;
  const ProvedShares shares = proved_shares(report);
  json.object("line_search", [&] {
    json.member("t", *report.line_search);
    put_certified(json, "value", report.line_search_value);
    if (std::isfinite(shares.step)) json.member("proved_step", shares.step);
    if (std::isfinite(shares.decrease)) json.member("proved_decrease", shares.decrease);
  });
}

void put_curve(JsonWriter& json, const CertifyReport& report) {
  json.list_on_lines(3, "curve", report.curve, [&](const CurvePoint& point) {
    json.object([&] {
      json.member("t", point.t);
      put_certified(json, "value", point.value);
      if (!std::isnan(point.bounds.upper)) put_range(json, point.bounds);
    });
  });
}

}  // namespace

ProvedShares proved_shares(const CertifyReport& report) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  if (!report.line_search || !report.best) return {none, none};
  const double decrease = report.derivatives.value - report.line_search_value;
  return {report.best->t / *report.line_search,
          decrease > 0 ? report.best->decrease / decrease : none};
}

void write_certify_json(const CertifyView& view, JsonWriter& json) {
  const CertifyReport& report = view.report;
  const ResolvedSettings& settings = report.bounds.settings;
  json::head(json, certify_schema);
  json::architecture(json, report.bounds);
  json.member("precision", "float64");
  put_origin(json, report.data, report.parameters, report.statistics);
  json.member("samples", settings.batch);
  json.member("loss", settings.loss->name);
  json.member("regularizer", settings.regularizer.nearest);
  json.member("direction", report.direction);
  json.member("direction_norm", report.direction_norm);
  json.member("degree", report.degree);
  json.member("enclosure", name_of(report.mode));
  put_certified(json, "value", report.derivatives.value);
  put_certified(json, "slope", report.derivatives.slope);
  put_certified(json, "curvature", report.derivatives.curvature);
  json.member("verdict", name_of(report.verdict()));
  if (report.length > 0) {
    json.object("start", [&] { put_range(json, report.start); });
    json.member("length", report.length);
    json.member("order", report.order);
    put_certified(json, "rounding", report.rounding);
  }
  if (!report.failed_layer.empty()) json.member("failed_layer", report.failed_layer);
  if (report.asked) put_asked(json, *report.asked);
  put_step(json, "best", report.best);
  put_step(json, "longest", report.longest);
  if (report.stored) put_stored(json, *report.stored);
  put_line_search(json, report);
  json.list_on_lines(3, "shares", report.shares, [&](const LayerShare& share) {
    json.object([&] {
      json.member("index", share.layer + 1);
      json.member("name", report.bounds.graph.layers[share.layer].name);
      put_certified(json, "share", share.share);
    });
  });
  put_curve(json, report);
  json.member("gradients", report.work.gradients());
  json.member("passes", report.work.pass_count);
  if (report.micro_batch > 0) json.member("micro_batch", report.micro_batch);
  json.member("seconds", report.seconds);
  if (!report.saved.empty()) json.member("saved", report.saved);
  json.member("assumptions", report.bounds.assumptions);
}

// A row for each point of the curve.
void write_certify_csv(const CertifyView& view, const Sink& sink) {
  const CertifyReport& report = view.report;
  CsvWriter csv(sink, {"file", "architecture", "verdict", "t", "value", "lower", "upper"});
  for (const CurvePoint& point : report.curve) {
    csv.add(report.bounds.file, report.bounds.graph.name, name_of(report.verdict()), point.t,
            point.value);
    if (!std::isnan(point.bounds.upper)) csv.add(point.bounds.lower, point.bounds.upper);
    csv.end_row();
  }
}

}  // namespace smoothbound
