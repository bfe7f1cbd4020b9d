"""Where the figures of long series are added up: one set of expressions, several engines that run them.

`expressions` is the only module that speaks ibis; an engine gives it three relations (lines, readings, places) and
runs what comes out in its own dialect. `files` writes the relation of lines over frozen files for those that read them.
"""
