"""The main job: one turn of the loop on real published figures, through the services that a user's clicks run."""
