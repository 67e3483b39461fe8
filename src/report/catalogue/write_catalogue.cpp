#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "setting_types.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"

namespace smoothbound {
namespace {

using Json = nlohmann::ordered_json;

// A constant under both methods.
struct ConstantRow {
  std::string symbol;
  Constant paper;
  Constant sharp;
};

std::string_view place_of(Role role) {
  switch (role) {
    case Role::affine:
      return "begins a layer";
    case Role::merge:
      return "begins a layer, with a list of inputs";
    case Role::non_affine:
      break;
  }
  return "in 'then'";
}

std::vector<std::pair<std::string, Constant>> constants_of(const Parts& parts) {
  std::vector<std::pair<std::string, Constant>> all;
  for (const Part& part : parts) {
    if (const auto* b = std::get_if<AffineConstants>(&part)) {
      all.insert(all.end(), {{"L_beta", b->bilinear},
                             {"l_beta_v", b->linear_parameters},
                             {"l_beta_z", b->linear_input}});
    } else {
      const auto& a = std::get<MapConstants>(part);
      all.insert(all.end(), {{"l_a", a.lipschitz},
                             {"L_a", a.smoothness},
                             {"||a||", a.bound},
                             {"||a(0)||", a.at_zero},
                             {"||grad a(0)||", a.slope_at_zero}});
    }
  }
  return all;
}

// The constants of a component at its default settings on an input of some size: what is shown is
// their formulas, which do not depend on it.
std::vector<ConstantRow> constant_rows(const Component& component) {
  return std::visit(
      [](const auto& c) -> std::vector<ConstantRow> {
        std::vector<ConstantRow> rows;
        if constexpr (UnaryType<std::remove_cvref_t<decltype(c)>>) {
          const Shape shape{4, 8, 8};
          const std::span<const Shape> shapes(&shape, 1);
          const Site site{shapes, c.output_shape(shapes), 2};
          const auto paper = constants_of(c.parts(site, Method::paper));
          const auto sharp = constants_of(c.parts(site, Method::sharp));
          for (std::size_t i = 0; i < paper.size(); ++i) {
            rows.push_back({paper[i].first, paper[i].second, sharp[i].second});
          }
        }
        return rows;
      },
      component);
}

std::string_view rule_of(const Component& component) {
  return std::visit(
      [](const auto& c) -> std::string_view {
        if constexpr (MergeType<std::remove_cvref_t<decltype(c)>>) {
          return c.rule();
        } else {
          return "";
        }
      },
      component);
}

std::vector<ConstantRow> constant_rows(const LossRow& loss) {
  constexpr std::int64_t samples = 10;
  const auto constants = [&](Method method) {
    return loss.constants({method, samples, Magnitude::from_count(1), Magnitude::from_count(1)});
  };
  const LossConstants paper = constants(Method::paper);
  const LossConstants sharp = constants(Method::sharp);
  return {{"l_f", paper.lipschitz, sharp.lipschitz}, {"L_f", paper.smoothness, sharp.smoothness}};
}

void write_constants(const std::vector<ConstantRow>& rows, const Sink& sink, RemedyWords words) {
  for (const ConstantRow& row : rows) {
    const auto line = [&](std::string_view symbol, std::string_view method, const Constant& value) {
      std::string text = fmt::format("    {:<14} {:<6} {}", symbol, method, value.formula);
      const std::string source = with_remedy(value.source, value.remedy, words);
      if (!source.empty()) text += fmt::format("   ({})", source);
      sink(text + "\n");
    };
    if (row.paper.formula == row.sharp.formula) {
      line(row.symbol, "", row.sharp);
    } else {
      line(row.symbol, "paper", row.paper);
      line("", "sharp", row.sharp);
    }
  }
}

void write_component(const Component& component, const Sink& sink, RemedyWords words) {
  sink(fmt::format("{}   {}\n    {}\n", name_of(component), place_of(role_of(component)),
                   formula_of(component)));
  for (const SettingType& setting : setting_types(component)) {
    const std::string note = setting.info.required           ? "; required"
                             : setting.default_value.empty() ? ""
                                                             : "; default " + setting.default_value;
    sink(fmt::format("    {}: {} ({}{})\n", setting.info.name, setting.info.description,
                     setting.type, note));
  }
  if (const auto rule = rule_of(component); !rule.empty()) sink(fmt::format("    {}\n", rule));
  write_constants(constant_rows(component), sink, words);
  sink("\n");
}

bool is_wanted(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

std::string find_unknown(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (find_prototype(name) == nullptr && find_loss(name) == nullptr) return name;
  }
  return {};
}

Json constants_json(const std::vector<ConstantRow>& rows, RemedyWords words) {
  Json json = Json::array();
  for (const ConstantRow& row : rows) {
    const auto constant = [words](const Constant& c) {
      return Json{{"formula", c.formula}, {"source", with_remedy(c.source, c.remedy, words)}};
    };
    json.push_back(
        {{"symbol", row.symbol}, {"paper", constant(row.paper)}, {"sharp", constant(row.sharp)}});
  }
  return json;
}

}  // namespace

std::string write_catalogue(const std::vector<std::string>& names, const Sink& sink,
                            RemedyWords words) {
  if (std::string unknown = find_unknown(names); !unknown.empty()) return unknown;
  for (const Component& component : prototypes()) {
    if (is_wanted(names, name_of(component))) write_component(component, sink, words);
  }
  for (const LossRow& loss : loss_table()) {
    if (!is_wanted(names, loss.name)) continue;
    sink(fmt::format("{}   loss\n    {}\n", loss.name, loss.formula));
    if (loss.is_mean) {
      sink(
          "    constants of one term; their mean over n has l_f, L_f (paper), l_f/sqrt n, L_f/n "
          "(sharp)\n");
    }
    write_constants(constant_rows(loss), sink, words);
    sink("\n");
  }
  return {};
}

std::string write_catalogue_json(const std::vector<std::string>& names, const Sink& sink,
                                 RemedyWords words) {
  if (std::string unknown = find_unknown(names); !unknown.empty()) return unknown;
  Json components = Json::array();
  for (const Component& component : prototypes()) {
    if (!is_wanted(names, name_of(component))) continue;
    Json settings = Json::array();
    for (const SettingType& setting : setting_types(component)) {
      Json row{{"name", setting.info.name},
               {"description", setting.info.description},
               {"type", setting.type},
               {"required", setting.info.required}};
      if (!setting.default_value.empty()) row["default"] = setting.default_value;
      settings.push_back(std::move(row));
    }
    Json row{{"name", name_of(component)},
             {"place", place_of(role_of(component))},
             {"formula", formula_of(component)},
             {"settings", std::move(settings)},
             {"constants", constants_json(constant_rows(component), words)}};
    if (const auto rule = rule_of(component); !rule.empty()) row["rule"] = rule;
    components.push_back(std::move(row));
  }
  Json losses = Json::array();
  for (const LossRow& loss : loss_table()) {
    if (!is_wanted(names, loss.name)) continue;
    losses.push_back({{"name", loss.name},
                      {"formula", loss.formula},
                      {"mean", loss.is_mean},
                      {"constants", constants_json(constant_rows(loss), words)}});
  }
  sink(Json{{"schema", "smoothbound/layers/1"},
            {"components", std::move(components)},
            {"losses", std::move(losses)}}
           .dump(1));
  sink("\n");
  return {};
}

}  // namespace smoothbound
