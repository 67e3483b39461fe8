# smoothbound_parse_once(TARGET GROUP [header...]): the headers are parsed once for all sources of the
# targets of a group, whose flags are the same; the first target says which, and should be a library:
# the others wait for it. A source still includes what it uses: it must compile with
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DCMAKE_UNITY_BUILD=OFF.
function(smoothbound_parse_once target group)
  get_property(first GLOBAL PROPERTY smoothbound_parsed_${group})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN})
    set_property(GLOBAL PROPERTY smoothbound_parsed_${group} ${target})
  endif()
endfunction()
