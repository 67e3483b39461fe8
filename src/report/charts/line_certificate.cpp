#include "smoothbound/report/charts/line_certificate.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <limits>

#include "shared/directed.hpp"
#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/regular_file.hpp"

namespace smoothbound {
namespace {

constexpr const char* certificate_hint =
    "a certificate is what 'smoothbound certify --format json' writes";

// A number, or the text of one that is not finite.
double read_number(text::Value value, std::string_view what) {
  const text::ScalarText scalar = text::scalar_of(value, what);
  double result = 0;
  const char* const end = scalar.text.data() + scalar.text.size();
  const auto [stop, error] = std::from_chars(scalar.text.data(), end, result);
  if (error != std::errc{} || stop != end) {
    throw SpecError(scalar.location, fmt::format("'{}' is no {}", scalar.text, what),
                    certificate_hint);
  }
  return result;
}

double read_number_or_nan(text::Fields& fields, std::string_view key) {
  const auto value = fields.find(key);
  return value ? read_number(*value, key) : std::numeric_limits<double>::quiet_NaN();
}

std::vector<LinePoint> read_points(text::Value curve) {
  if (!curve.is_sequence()) {
    throw SpecError(curve.location(), "'curve' is no list of points", certificate_hint);
  }
  std::vector<LinePoint> points;
  for (auto point = curve.first_child(); point; point = point->next_sibling()) {
    text::Fields fields(*point, "a point of the curve", certificate_hint);
    points.push_back({read_number(fields.require("t", certificate_hint), "t"),
                      read_number(fields.require("value", certificate_hint), "value"),
                      read_number_or_nan(fields, "lower"), read_number_or_nan(fields, "upper")});
  }
  return points;
}

std::optional<LineCertificate::Step> read_step(text::Fields& certificate, std::string_view key,
                                               std::string_view value) {
  const auto step = certificate.find(key);
  if (!step) return std::nullopt;
  text::Fields fields(*step, key, certificate_hint);
  return LineCertificate::Step{read_number(fields.require("t", certificate_hint), "t"),
                               read_number(fields.require(value, certificate_hint), value)};
}

}  // namespace

std::vector<Chart> certificate_charts(const LineCertificate& of) {
  LineCurve curve;
  curve.title = fmt::format("{}: F along w + t d, d: {}", of.architecture, of.direction);
  curve.points = of.points;
  if (of.asked) {
    curve.marks.push_back({of.asked->t, of.asked->value, fmt::format("t = {:.4g}", of.asked->t)});
  } else if (of.best) {
    curve.marks.push_back(
        {of.best->t, of.best->value,
         fmt::format("t = {:.4g}: F at most {}", of.best->t, at_most(of.best->value))});
  }
  if (of.line_search) {
    curve.marks.push_back({of.line_search->t, of.line_search->value, "line search"});
  }
  if (of.length > 0) {
    curve.length = of.length;
    curve.note =
        fmt::format("u and l bound F for all t in [0, T], T = {}; F is computed in floating point",
                    not_beyond(of.length));
  } else {
    curve.note = "F is computed in floating point: it has no finite bounds";
  }
  return line_charts(curve);
}

bool is_certificate_file(const std::string& path) {
  try {
    const RegularFile file(path);
    std::array<char, 128> beginning{};
    const ssize_t count = pread(file.descriptor(), beginning.data(), beginning.size(), 0);
    if (count <= 0) return false;
    const std::string_view text(beginning.data(), static_cast<std::size_t>(count));
    return text.find_first_not_of(" \t\r\n") == text.find('{') &&
           text.find(fmt::format("\"{}\"", certify_schema)) != std::string_view::npos;
  } catch (const NotReadable&) {
    return false;
  }
}

LineCertificate read_certificate(const Source& source) {
  text::Document document;
  text::parse_json(source.text, document);
  text::Fields fields(document.root(), "a certificate", certificate_hint);
  const text::Value schema = fields.require("schema", certificate_hint);
  if (text::scalar_of(schema, "schema").text != certify_schema) {
    throw SpecError(schema.location(), fmt::format("the schema is not '{}'", certify_schema),
                    certificate_hint);
  }
  LineCertificate result;
  text::Fields architecture(fields.require("architecture", certificate_hint), "architecture",
                            certificate_hint);
  result.architecture =
      text::scalar_of(architecture.require("name", certificate_hint), "name").text;
  result.direction =
      text::scalar_of(fields.require("direction", certificate_hint), "direction").text;
  result.points = read_points(fields.require("curve", certificate_hint));
  result.asked = read_step(fields, "asked", "value");
  result.best = read_step(fields, "best", "upper");
  result.line_search = read_step(fields, "line_search", "value");
  if (const auto length = fields.find("length")) result.length = read_number(*length, "length");
  return result;
}

}  // namespace smoothbound
