"""Supabase: authentication, and everything that goes through PostgREST."""
