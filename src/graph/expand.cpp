#include "expand.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

bool is_composite(const LayerSpec& layer) { return layer.composite.has_value(); }

std::string name_of_piece(const std::string& layer, const Piece& piece) {
  return piece.name.empty() ? layer : fmt::format("{}.{}", layer, piece.name);
}

// Of the arrays of a piece, out of those of the whole.
std::shared_ptr<const WeightNames> weights_of_piece(const LayerSpec& layer, const Piece& piece) {
  const WeightNames none;
  const WeightNames& whole = layer.composite->weights ? *layer.composite->weights : none;
  WeightNames names;
  const auto prefix_of = [&](std::string_view word) {
    const auto exact =
        std::ranges::find(whole.exact, word, &std::pair<std::string, std::string>::first);
    return exact == whole.exact.end() ? std::string() : exact->second;
  };
  const std::string all_parts = prefix_of(piece.word_of_parts);
  names.prefix = prefix_of(word_of(piece));
  if (names.prefix.empty() && !all_parts.empty()) {
    names.others.push_back({all_parts + '.', piece.part, piece.parts});
  } else if (names.prefix.empty()) {
    const bool is_usual = whole.prefix.empty();
    if (!is_usual) names.prefix = name_of_piece(whole.prefix, piece);
    names.others.push_back(
        {fmt::format("{}.{}", is_usual ? layer.name : whole.prefix, piece.other_beginning),
         piece.part, piece.parts});
  }
  return std::make_shared<const WeightNames>(std::move(names));
}

// What shares with a composite has to be one, too, of the same kind.
void refuse_other_kinds(const std::vector<LayerSpec>& layers, const LayerSpec& layer) {
  const auto owner = std::ranges::find(layers, layer.share->name, &LayerSpec::name);
  if (owner == layers.end()) {
    std::vector<std::string_view> names;
    for (const LayerSpec& other : layers) {
      if (is_composite(other) && other.name != layer.name) names.push_back(other.name);
    }
    throw SpecError(
        layer.share->location, fmt::format("there is no layer '{}'", layer.share->name),
        suggest(layer.share->name, names,
                names.empty() ? "share names a layer before this one" : "one of: " + join(names)));
  }
  if (owner->has_mistake) return;
  if (owner->composite &&
      owner->composite->composite.index() == layer.composite->composite.index()) {
    return;
  }
  const std::string_view kind = name_of(layer.composite->composite);
  throw SpecError(layer.share->location,
                  fmt::format("the parameters of '{}' do not fit '{}'", owner->name, layer.name),
                  fmt::format("{} takes those of another {}", kind, kind));
}

// `before`: what it reads if it does not say.
void add_pieces(const LayerSpec& layer, const Reference& before, std::vector<LayerSpec>& all) {
  const std::span<const Piece> pieces = pieces_of(layer.composite->composite);
  const Reference& outside = layer.inputs.empty() ? before : layer.inputs.front();
  for (std::uint32_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    LayerSpec part;
    part.name = name_of_piece(layer.name, piece);
    part.location = layer.location;
    for (const std::uint32_t input : piece.inputs) {
      if (input == Piece::outside) {
        part.inputs.push_back(outside);
      } else {
        part.inputs.push_back({name_of_piece(layer.name, pieces[input]), layer.location});
      }
    }
    if (piece.has_parameters) {
      part.radius = layer.radius;
      if (layer.share) {
        part.share = {name_of_piece(layer.share->name, piece), layer.share->location};
      }
    }
    part.composite = layer.composite;
    part.composite->piece = i;
    part.composite->weights = piece.has_parameters ? weights_of_piece(layer, piece) : nullptr;
    if (i + 1 == pieces.size()) part.components = layer.components;
    part.has_mistake = layer.has_mistake;
    all.push_back(std::move(part));
  }
}

}  // namespace

void expand_composites(Spec& spec, MistakeList& mistakes) {
  std::vector<LayerSpec>& layers = spec.layers;
  if (std::ranges::none_of(layers, is_composite)) return;
  for (LayerSpec& layer : layers) {
    if (!layer.composite || !layer.share) continue;
    const bool fits = !is_among(spec.lost_names, layer.share->name) &&
                      mistakes.attempt([&] { refuse_other_kinds(layers, layer); });
    if (!fits) layer.has_mistake = true;
  }
  std::vector<LayerSpec> all;
  Reference before{std::string(input_name), {}};
  for (LayerSpec& layer : layers) {
    before.location = layer.location;
    Reference self{layer.name, {}};
    if (is_composite(layer)) {
      add_pieces(layer, before, all);
    } else {
      all.push_back(std::move(layer));
    }
    before = std::move(self);
  }
  layers = std::move(all);
}

}  // namespace smoothbound
