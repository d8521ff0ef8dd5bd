// Written by `make types` from sql/: what the tables and functions of schema public hold and take.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  public: {
    Tables: {
      admin_audit_log: {
        Row: {
          action: string
          admin_id: string | null
          created_at: string
          details: Json
          id: number
          target_id: string | null
        }
        Insert: {
          action: string
          admin_id?: string | null
          created_at?: string
          details?: Json
          id?: never
          target_id?: string | null
        }
        Update: {
          action?: string
          admin_id?: string | null
          created_at?: string
          details?: Json
          id?: never
          target_id?: string | null
        }
        Relationships: []
      }
      admins: {
        Row: {
          created_at: string
          email: string
          id: string
          is_super_admin: boolean
          name: string
        }
        Insert: {
          created_at?: string
          email: string
          id: string
          is_super_admin?: boolean
          name: string
        }
        Update: {
          created_at?: string
          email?: string
          id?: string
          is_super_admin?: boolean
          name?: string
        }
        Relationships: []
      }
      app_settings: {
        Row: {
          answer_within_seconds: number
          currency: string
          disclosure_text: string
          disclosure_version: string
          email_domain: string
          free_messages: number
          id: boolean
          idle_release_seconds: number
          idle_releases_before_pause: number
          idle_warning_seconds: number
          lost_operator_seconds: number
          messages_per_minute: number
          unanswered_refund_seconds: number
          updated_at: string
        }
        Insert: {
          answer_within_seconds?: number
          currency?: string
          disclosure_text?: string
          disclosure_version?: string
          email_domain?: string
          free_messages?: number
          id?: boolean
          idle_release_seconds?: number
          idle_releases_before_pause?: number
          idle_warning_seconds?: number
          lost_operator_seconds?: number
          messages_per_minute?: number
          unanswered_refund_seconds?: number
          updated_at?: string
        }
        Update: {
          answer_within_seconds?: number
          currency?: string
          disclosure_text?: string
          disclosure_version?: string
          email_domain?: string
          free_messages?: number
          id?: boolean
          idle_release_seconds?: number
          idle_releases_before_pause?: number
          idle_warning_seconds?: number
          lost_operator_seconds?: number
          messages_per_minute?: number
          unanswered_refund_seconds?: number
          updated_at?: string
        }
        Relationships: []
      }
      blocks: {
        Row: {
          created_at: string
          fictional_user_id: string
          real_user_id: string
        }
        Insert: {
          created_at?: string
          fictional_user_id: string
          real_user_id: string
        }
        Update: {
          created_at?: string
          fictional_user_id?: string
          real_user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: "blocks_fictional_user_id_fkey"
            columns: ["fictional_user_id"]
            isOneToOne: false
            referencedRelation: "fictional_users"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "blocks_real_user_id_fkey"
            columns: ["real_user_id"]
            isOneToOne: false
            referencedRelation: "real_users"
            referencedColumns: ["id"]
          },
        ]
      }
      chat_assignments: {
        Row: {
          accepted_at: string | null
          assigned_at: string
          chat_id: string | null
          created_at: string
          first_response_at: string | null
          id: string
          messages_sent: number
          operator_id: string | null
          release_reason: string | null
          released_at: string | null
        }
        Insert: {
          accepted_at?: string | null
          assigned_at?: string
          chat_id?: string | null
          created_at?: string
          first_response_at?: string | null
          id?: string
          messages_sent?: number
          operator_id?: string | null
          release_reason?: string | null
          released_at?: string | null
        }
        Update: {
          accepted_at?: string | null
          assigned_at?: string
          chat_id?: string | null
          created_at?: string
          first_response_at?: string | null
          id?: string
          messages_sent?: number
          operator_id?: string | null
          release_reason?: string | null
          released_at?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "chat_assignments_chat_id_fkey"
            columns: ["chat_id"]
            isOneToOne: false
            referencedRelation: "chats"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "chat_assignments_operator_id_fkey"
            columns: ["operator_id"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
        ]
      }
      chat_notes: {
        Row: {
          chat_id: string
          fictional_profile_notes: string
          real_profile_notes: string
          updated_at: string
          updated_by: string | null
          version: number
        }
        Insert: {
          chat_id: string
          fictional_profile_notes?: string
          real_profile_notes?: string
          updated_at?: string
          updated_by?: string | null
          version?: number
        }
        Update: {
          chat_id?: string
          fictional_profile_notes?: string
          real_profile_notes?: string
          updated_at?: string
          updated_by?: string | null
          version?: number
        }
        Relationships: [
          {
            foreignKeyName: "chat_notes_chat_id_fkey"
            columns: ["chat_id"]
            isOneToOne: true
            referencedRelation: "chats"
            referencedColumns: ["id"]
          },
        ]
      }
      chats: {
        Row: {
          assigned_operator_id: string | null
          assignment_time: string | null
          created_at: string
          fictional_last_read_seq: number
          fictional_user_id: string
          id: string
          idle_warned_at: string | null
          is_active: boolean
          last_answered_by: string | null
          last_answered_seq: number
          last_message_at: string
          last_released_from: string | null
          last_seq: number
          message_count: number
          real_last_read_seq: number
          real_message_count: number
          real_user_id: string
          updated_at: string
          waiting_since: string | null
        }
        Insert: {
          assigned_operator_id?: string | null
          assignment_time?: string | null
          created_at?: string
          fictional_last_read_seq?: number
          fictional_user_id: string
          id?: string
          idle_warned_at?: string | null
          is_active?: boolean
          last_answered_by?: string | null
          last_answered_seq?: number
          last_message_at?: string
          last_released_from?: string | null
          last_seq?: number
          message_count?: number
          real_last_read_seq?: number
          real_message_count?: number
          real_user_id: string
          updated_at?: string
          waiting_since?: string | null
        }
        Update: {
          assigned_operator_id?: string | null
          assignment_time?: string | null
          created_at?: string
          fictional_last_read_seq?: number
          fictional_user_id?: string
          id?: string
          idle_warned_at?: string | null
          is_active?: boolean
          last_answered_by?: string | null
          last_answered_seq?: number
          last_message_at?: string
          last_released_from?: string | null
          last_seq?: number
          message_count?: number
          real_last_read_seq?: number
          real_message_count?: number
          real_user_id?: string
          updated_at?: string
          waiting_since?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "chats_assigned_operator_id_fkey"
            columns: ["assigned_operator_id"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "chats_fictional_user_id_fkey"
            columns: ["fictional_user_id"]
            isOneToOne: false
            referencedRelation: "fictional_users"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "chats_last_answered_by_fkey"
            columns: ["last_answered_by"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "chats_last_released_from_fkey"
            columns: ["last_released_from"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "chats_real_user_id_fkey"
            columns: ["real_user_id"]
            isOneToOne: false
            referencedRelation: "real_users"
            referencedColumns: ["id"]
          },
        ]
      }
      credit_ledger: {
        Row: {
          admin_id: string | null
          balance_after: number
          created_at: string
          delta: number
          id: number
          message_id: string | null
          note: string | null
          reason: string
          request_id: string | null
          transaction_id: string | null
          user_id: string
        }
        Insert: {
          admin_id?: string | null
          balance_after: number
          created_at?: string
          delta: number
          id?: never
          message_id?: string | null
          note?: string | null
          reason: string
          request_id?: string | null
          transaction_id?: string | null
          user_id: string
        }
        Update: {
          admin_id?: string | null
          balance_after?: number
          created_at?: string
          delta?: number
          id?: never
          message_id?: string | null
          note?: string | null
          reason?: string
          request_id?: string | null
          transaction_id?: string | null
          user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: "credit_ledger_transaction_id_fkey"
            columns: ["transaction_id"]
            isOneToOne: false
            referencedRelation: "transactions"
            referencedColumns: ["id"]
          },
        ]
      }
      credit_packages: {
        Row: {
          credits: number
          currency: string
          id: string
          is_active: boolean
          price_minor: number
        }
        Insert: {
          credits: number
          currency: string
          id: string
          is_active?: boolean
          price_minor: number
        }
        Update: {
          credits?: number
          currency?: string
          id?: string
          is_active?: boolean
          price_minor?: number
        }
        Relationships: []
      }
      favorites: {
        Row: {
          created_at: string
          fictional_user_id: string
          id: string
          real_user_id: string
        }
        Insert: {
          created_at?: string
          fictional_user_id: string
          id?: string
          real_user_id: string
        }
        Update: {
          created_at?: string
          fictional_user_id?: string
          id?: string
          real_user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: "favorites_fictional_user_id_fkey"
            columns: ["fictional_user_id"]
            isOneToOne: false
            referencedRelation: "fictional_users"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "favorites_real_user_id_fkey"
            columns: ["real_user_id"]
            isOneToOne: false
            referencedRelation: "real_users"
            referencedColumns: ["id"]
          },
        ]
      }
      fictional_users: {
        Row: {
          age: number
          bio: string | null
          created_at: string
          created_by: string | null
          gender: string
          id: string
          is_active: boolean
          is_fictional: boolean
          location: string
          name: string
          profile_pictures: string[]
        }
        Insert: {
          age: number
          bio?: string | null
          created_at?: string
          created_by?: string | null
          gender: string
          id?: string
          is_active?: boolean
          is_fictional?: never
          location: string
          name: string
          profile_pictures?: string[]
        }
        Update: {
          age?: number
          bio?: string | null
          created_at?: string
          created_by?: string | null
          gender?: string
          id?: string
          is_active?: boolean
          is_fictional?: never
          location?: string
          name?: string
          profile_pictures?: string[]
        }
        Relationships: [
          {
            foreignKeyName: "fictional_users_created_by_fkey"
            columns: ["created_by"]
            isOneToOne: false
            referencedRelation: "admins"
            referencedColumns: ["id"]
          },
        ]
      }
      job_runs: {
        Row: {
          job: string
          last_result: Json
          last_run_at: string
          runs: number
        }
        Insert: {
          job: string
          last_result: Json
          last_run_at?: string
          runs?: number
        }
        Update: {
          job?: string
          last_result?: Json
          last_run_at?: string
          runs?: number
        }
        Relationships: []
      }
      message_reports: {
        Row: {
          created_at: string
          id: string
          message_id: string
          reason: string
          reporter_id: string
          resolution: string | null
          resolved_at: string | null
          resolved_by: string | null
        }
        Insert: {
          created_at?: string
          id?: string
          message_id: string
          reason: string
          reporter_id: string
          resolution?: string | null
          resolved_at?: string | null
          resolved_by?: string | null
        }
        Update: {
          created_at?: string
          id?: string
          message_id?: string
          reason?: string
          reporter_id?: string
          resolution?: string | null
          resolved_at?: string | null
          resolved_by?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "message_reports_message_id_fkey"
            columns: ["message_id"]
            isOneToOne: false
            referencedRelation: "messages"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "message_reports_reporter_id_fkey"
            columns: ["reporter_id"]
            isOneToOne: false
            referencedRelation: "real_users"
            referencedColumns: ["id"]
          },
        ]
      }
      messages: {
        Row: {
          answered_waiting_since: string | null
          chat_id: string
          client_message_id: string | null
          content: string
          created_at: string
          delivered_at: string | null
          handled_by_operator_id: string | null
          id: string
          is_free_message: boolean
          read_at: string | null
          refunded_at: string | null
          sender_type: string
          seq: number
        }
        Insert: {
          answered_waiting_since?: string | null
          chat_id: string
          client_message_id?: string | null
          content: string
          created_at?: string
          delivered_at?: string | null
          handled_by_operator_id?: string | null
          id?: string
          is_free_message?: boolean
          read_at?: string | null
          refunded_at?: string | null
          sender_type: string
          seq: number
        }
        Update: {
          answered_waiting_since?: string | null
          chat_id?: string
          client_message_id?: string | null
          content?: string
          created_at?: string
          delivered_at?: string | null
          handled_by_operator_id?: string | null
          id?: string
          is_free_message?: boolean
          read_at?: string | null
          refunded_at?: string | null
          sender_type?: string
          seq?: number
        }
        Relationships: [
          {
            foreignKeyName: "messages_chat_id_fkey"
            columns: ["chat_id"]
            isOneToOne: false
            referencedRelation: "chats"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "messages_handled_by_operator_id_fkey"
            columns: ["handled_by_operator_id"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
        ]
      }
      operator_activity: {
        Row: {
          chat_id: string
          id: string
          last_activity: string
          operator_id: string
          updated_at: string
        }
        Insert: {
          chat_id: string
          id?: string
          last_activity?: string
          operator_id: string
          updated_at?: string
        }
        Update: {
          chat_id?: string
          id?: string
          last_activity?: string
          operator_id?: string
          updated_at?: string
        }
        Relationships: [
          {
            foreignKeyName: "operator_activity_chat_id_fkey"
            columns: ["chat_id"]
            isOneToOne: false
            referencedRelation: "chats"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "operator_activity_operator_id_fkey"
            columns: ["operator_id"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
        ]
      }
      operator_availability: {
        Row: {
          end_reason: string | null
          ended_at: string | null
          id: number
          operator_id: string
          started_at: string
        }
        Insert: {
          end_reason?: string | null
          ended_at?: string | null
          id?: never
          operator_id: string
          started_at?: string
        }
        Update: {
          end_reason?: string | null
          ended_at?: string | null
          id?: never
          operator_id?: string
          started_at?: string
        }
        Relationships: [
          {
            foreignKeyName: "operator_availability_operator_id_fkey"
            columns: ["operator_id"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
        ]
      }
      operator_stats: {
        Row: {
          chats_handled: number
          created_at: string
          date: string
          id: string
          messages_sent: number
          operator_id: string
        }
        Insert: {
          chats_handled?: number
          created_at?: string
          date: string
          id?: string
          messages_sent?: number
          operator_id: string
        }
        Update: {
          chats_handled?: number
          created_at?: string
          date?: string
          id?: string
          messages_sent?: number
          operator_id?: string
        }
        Relationships: [
          {
            foreignKeyName: "operator_stats_operator_id_fkey"
            columns: ["operator_id"]
            isOneToOne: false
            referencedRelation: "operators"
            referencedColumns: ["id"]
          },
        ]
      }
      operators: {
        Row: {
          asked_at: string | null
          created_at: string
          created_by: string | null
          email: string
          free_since: string | null
          id: string
          idle_releases: number
          is_active: boolean
          is_available: boolean
          last_activity: string
          last_heartbeat_at: string | null
          name: string
          total_messages: number
          unavailable_reason: string | null
        }
        Insert: {
          asked_at?: string | null
          created_at?: string
          created_by?: string | null
          email: string
          free_since?: string | null
          id: string
          idle_releases?: number
          is_active?: boolean
          is_available?: boolean
          last_activity?: string
          last_heartbeat_at?: string | null
          name: string
          total_messages?: number
          unavailable_reason?: string | null
        }
        Update: {
          asked_at?: string | null
          created_at?: string
          created_by?: string | null
          email?: string
          free_since?: string | null
          id?: string
          idle_releases?: number
          is_active?: boolean
          is_available?: boolean
          last_activity?: string
          last_heartbeat_at?: string | null
          name?: string
          total_messages?: number
          unavailable_reason?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "operators_created_by_fkey"
            columns: ["created_by"]
            isOneToOne: false
            referencedRelation: "admins"
            referencedColumns: ["id"]
          },
        ]
      }
      payment_events: {
        Row: {
          body: string | null
          body_sha256: string
          dedupe_key: string
          deliveries: number
          detail: string | null
          event: string | null
          handled_at: string | null
          id: number
          last_received_at: string
          outcome: string | null
          received_at: string
          reference: string | null
          signature_valid: boolean
          source_ip: string | null
        }
        Insert: {
          body?: string | null
          body_sha256: string
          dedupe_key: string
          deliveries?: number
          detail?: string | null
          event?: string | null
          handled_at?: string | null
          id?: never
          last_received_at?: string
          outcome?: string | null
          received_at?: string
          reference?: string | null
          signature_valid: boolean
          source_ip?: string | null
        }
        Update: {
          body?: string | null
          body_sha256?: string
          dedupe_key?: string
          deliveries?: number
          detail?: string | null
          event?: string | null
          handled_at?: string | null
          id?: never
          last_received_at?: string
          outcome?: string | null
          received_at?: string
          reference?: string | null
          signature_valid?: boolean
          source_ip?: string | null
        }
        Relationships: []
      }
      payment_reversals: {
        Row: {
          amount_minor: number
          created_at: string
          id: string
          kind: string
          reference: string
          reversal_key: string
          state: string
          updated_at: string
        }
        Insert: {
          amount_minor: number
          created_at?: string
          id?: string
          kind: string
          reference: string
          reversal_key: string
          state: string
          updated_at?: string
        }
        Update: {
          amount_minor?: number
          created_at?: string
          id?: string
          kind?: string
          reference?: string
          reversal_key?: string
          state?: string
          updated_at?: string
        }
        Relationships: []
      }
      real_users: {
        Row: {
          age: number
          created_at: string
          credits: number
          disclosure_accepted_at: string | null
          disclosure_version: string | null
          display_name: string
          email: string
          gender: string
          id: string
          is_active: boolean
          latitude: number | null
          location: string
          longitude: number | null
          looking_for: string
          name: string
          profile_picture: string | null
          recent_sends: string[]
          suspended_reason: string | null
          updated_at: string
        }
        Insert: {
          age: number
          created_at?: string
          credits?: number
          disclosure_accepted_at?: string | null
          disclosure_version?: string | null
          display_name: string
          email: string
          gender: string
          id: string
          is_active?: boolean
          latitude?: number | null
          location: string
          longitude?: number | null
          looking_for: string
          name: string
          profile_picture?: string | null
          recent_sends?: string[]
          suspended_reason?: string | null
          updated_at?: string
        }
        Update: {
          age?: number
          created_at?: string
          credits?: number
          disclosure_accepted_at?: string | null
          disclosure_version?: string | null
          display_name?: string
          email?: string
          gender?: string
          id?: string
          is_active?: boolean
          latitude?: number | null
          location?: string
          longitude?: number | null
          looking_for?: string
          name?: string
          profile_picture?: string | null
          recent_sends?: string[]
          suspended_reason?: string | null
          updated_at?: string
        }
        Relationships: []
      }
      transactions: {
        Row: {
          amount: number
          amount_minor: number
          channel: string | null
          checks: number
          completed_at: string | null
          created_at: string
          credits_purchased: number
          credits_reversed: number
          credits_shortfall: number
          currency: string
          failure_reason: string | null
          id: string
          next_check_at: string | null
          package_id: string
          paystack_reference: string
          provider_payload: Json | null
          real_user_id: string | null
          status: string
        }
        Insert: {
          amount?: never
          amount_minor: number
          channel?: string | null
          checks?: number
          completed_at?: string | null
          created_at?: string
          credits_purchased: number
          credits_reversed?: number
          credits_shortfall?: number
          currency: string
          failure_reason?: string | null
          id?: string
          next_check_at?: string | null
          package_id: string
          paystack_reference: string
          provider_payload?: Json | null
          real_user_id?: string | null
          status?: string
        }
        Update: {
          amount?: never
          amount_minor?: number
          channel?: string | null
          checks?: number
          completed_at?: string | null
          created_at?: string
          credits_purchased?: number
          credits_reversed?: number
          credits_shortfall?: number
          currency?: string
          failure_reason?: string | null
          id?: string
          next_check_at?: string | null
          package_id?: string
          paystack_reference?: string
          provider_payload?: Json | null
          real_user_id?: string | null
          status?: string
        }
        Relationships: [
          {
            foreignKeyName: "transactions_package_id_fkey"
            columns: ["package_id"]
            isOneToOne: false
            referencedRelation: "credit_packages"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "transactions_real_user_id_fkey"
            columns: ["real_user_id"]
            isOneToOne: false
            referencedRelation: "real_users"
            referencedColumns: ["id"]
          },
        ]
      }
    }
    Views: { [_ in never]: never }
    Functions: {
      accept_disclosure: {
        Args: {
          p_version: string
        }
        Returns: string
      }
      adjust_credits: {
        Args: {
          p_admin_id: string
          p_delta: number
          p_note: string
          p_request_id?: string
          p_user_id: string
        }
        Returns: Json
      }
      admin_list_audit: {
        Args: {
          p_admin_id: string
          p_before?: number
          p_filters?: Json
          p_limit?: number
        }
        Returns: Json
      }
      admin_list_chats: {
        Args: {
          p_admin_id: string
          p_before?: string
          p_filters?: Json
          p_limit?: number
        }
        Returns: Json
      }
      admin_list_operators: {
        Args: {
          p_admin_id: string
        }
        Returns: Json
      }
      admin_list_payments: {
        Args: {
          p_admin_id: string
          p_before?: string
          p_filters?: Json
          p_limit?: number
        }
        Returns: Json
      }
      admin_list_profiles: {
        Args: {
          p_admin_id: string
          p_before?: string
          p_filters?: Json
          p_limit?: number
        }
        Returns: Json
      }
      admin_list_reports: {
        Args: {
          p_admin_id: string
          p_before?: string
          p_filters?: Json
          p_limit?: number
        }
        Returns: Json
      }
      admin_list_users: {
        Args: {
          p_admin_id: string
          p_before?: string
          p_filters?: Json
          p_limit?: number
        }
        Returns: Json
      }
      admin_platform_stats: {
        Args: {
          p_admin_id: string
          p_from: string
          p_to: string
        }
        Returns: Json
      }
      assign_chat_to_operator: {
        Args: {
          p_except?: string
          p_operator_id: string
        }
        Returns: string
      }
      assign_next_chat: {
        Args: {
          p_operator_id: string
        }
        Returns: Json
      }
      audit_credits: {
        Args: never
        Returns: {
          user_id: string
          credits: number
          ledger_sum: number
          last_balance: number
          problem: string
        }[]
      }
      block_profile: {
        Args: {
          p_fictional_user_id: string
        }
        Returns: undefined
      }
      check_invariants: {
        Args: {
          p_sweep_seconds?: number
        }
        Returns: {
          invariant: string
          detail: string
        }[]
      }
      claim_payments_to_check: {
        Args: {
          p_limit: number
        }
        Returns: Json
      }
      close_chat: {
        Args: {
          p_admin_id: string
          p_chat_id: string
        }
        Returns: Json
      }
      complete_and_continue: {
        Args: {
          p_chat_id: string
          p_operator_id: string
        }
        Returns: Json
      }
      complete_chat: {
        Args: {
          p_chat_id: string
          p_operator_id: string
        }
        Returns: string
      }
      create_admin: {
        Args: {
          p_admin_id: string
          p_email: string
          p_is_super_admin?: boolean
          p_name: string
          p_user_id: string
        }
        Returns: Json
      }
      create_operator: {
        Args: {
          p_admin_id: string
          p_email: string
          p_name: string
          p_user_id: string
        }
        Returns: Json
      }
      create_payment: {
        Args: {
          p_package_id: string
          p_user_id: string
        }
        Returns: Json
      }
      custom_access_token_hook: {
        Args: {
          event: Json
        }
        Returns: Json
      }
      deactivate_operator: {
        Args: {
          p_admin_id: string
          p_operator_id: string
        }
        Returns: Json
      }
      fail_payment: {
        Args: {
          p_reason: string
          p_reference: string
        }
        Returns: Json
      }
      find_admin: {
        Args: {
          p_email: string
        }
        Returns: string
      }
      get_account: {
        Args: {
          p_caller_id: string
        }
        Returns: Json
      }
      get_assigned_chat: {
        Args: never
        Returns: Json
      }
      get_disclosure: {
        Args: never
        Returns: Json
      }
      get_email_domain: {
        Args: never
        Returns: string
      }
      get_operator_chat: {
        Args: {
          p_operator_id: string
        }
        Returns: Json
      }
      get_profile: {
        Args: {
          p_profile_id: string
          p_user_id: string
        }
        Returns: Json
      }
      get_settings: {
        Args: {
          p_admin_id: string
        }
        Returns: Json
      }
      handle_payment_event: {
        Args: {
          p_event_id: number
          p_mode: string
        }
        Returns: Json
      }
      handle_pending_payment_events: {
        Args: {
          p_limit: number
          p_mode: string
        }
        Returns: Json
      }
      job_status: {
        Args: never
        Returns: Json
      }
      list_chats: {
        Args: {
          p_before?: string
          p_limit?: number
          p_user_id: string
        }
        Returns: Json
      }
      list_messages: {
        Args: {
          p_after?: number
          p_before?: number
          p_caller_id: string
          p_chat_id: string
          p_limit?: number
        }
        Returns: Json
      }
      list_packages: {
        Args: never
        Returns: Json
      }
      list_profiles: {
        Args: {
          p_cursor?: string
          p_gender?: string
          p_limit?: number
          p_user_id: string
        }
        Returns: Json
      }
      mark_messages_read: {
        Args: {
          p_chat_id: string
          p_seq: number
        }
        Returns: number
      }
      messages_after: {
        Args: {
          p_chat_id: string
          p_seq: number
        }
        Returns: Database["public"]["Tables"]["messages"]["Row"][]
      }
      my_credit_history: {
        Args: {
          p_before?: number
          p_limit?: number
        }
        Returns: {
          id: number
          delta: number
          balance_after: number
          reason: string
          message_id: string
          transaction_id: string
          created_at: string
        }[]
      }
      open_chat: {
        Args: {
          p_fictional_user_id: string
          p_user_id: string
        }
        Returns: Json
      }
      operator_daily_stats: {
        Args: {
          p_from: string
          p_operator_id: string
          p_to: string
        }
        Returns: Json
      }
      payment_of: {
        Args: {
          p_reference: string
          p_user_id: string
        }
        Returns: Json
      }
      queue_status: {
        Args: never
        Returns: Json
      }
      reactivate_operator: {
        Args: {
          p_admin_id: string
          p_operator_id: string
        }
        Returns: Json
      }
      reassign_chat: {
        Args: {
          p_admin_id: string
          p_chat_id: string
          p_operator_id?: string
        }
        Returns: Json
      }
      receive_payment_event: {
        Args: {
          p_body: string
          p_signature_valid: boolean
          p_source_ip?: string
        }
        Returns: Json
      }
      record_heartbeat: {
        Args: {
          p_chat_id?: string
          p_last_activity?: string
          p_operator_id: string
        }
        Returns: Json
      }
      record_job_run: {
        Args: {
          p_job: string
          p_result: Json
        }
        Returns: undefined
      }
      refund_unanswered_messages: {
        Args: never
        Returns: {
          chat_id: string
          message_id: string
        }[]
      }
      reinstate_user: {
        Args: {
          p_admin_id: string
          p_user_id: string
        }
        Returns: Json
      }
      release_and_reassign_chat: {
        Args: {
          p_chat_id: string
          p_reason: string
        }
        Returns: string
      }
      release_chat: {
        Args: {
          p_chat_id: string
          p_operator_id: string
        }
        Returns: Json
      }
      reopen_chat: {
        Args: {
          p_admin_id: string
          p_chat_id: string
        }
        Returns: Json
      }
      report_message: {
        Args: {
          p_message_id: string
          p_reason: string
        }
        Returns: string
      }
      resolve_report: {
        Args: {
          p_admin_id: string
          p_report_id: string
          p_resolution: string
        }
        Returns: Json
      }
      reverse_payment: {
        Args: {
          p_amount_minor: number
          p_kind: string
          p_reference: string
          p_reversal_key: string
          p_state: string
        }
        Returns: Json
      }
      save_chat_notes: {
        Args: {
          p_chat_id: string
          p_fictional_profile_notes?: string
          p_operator_id: string
          p_real_profile_notes?: string
          p_version: number
        }
        Returns: Json
      }
      save_profile: {
        Args: {
          p_admin_id: string
          p_profile: Json
          p_profile_id: string
        }
        Returns: Json
      }
      send_operator_message: {
        Args: {
          p_chat_id: string
          p_client_message_id?: string
          p_content: string
          p_operator_id: string
        }
        Returns: Json
      }
      send_user_message: {
        Args: {
          p_chat_id: string
          p_client_message_id?: string
          p_content: string
          p_user_id: string
        }
        Returns: Json
      }
      set_operator_availability: {
        Args: {
          p_available: boolean
          p_operator_id: string
        }
        Returns: Json
      }
      settle_payment: {
        Args: {
          p_amount_minor: number
          p_charge?: Json
          p_currency: string
          p_mode?: string
          p_payer_id?: string
          p_reference: string
        }
        Returns: Json
      }
      suspend_user: {
        Args: {
          p_admin_id: string
          p_reason: string
          p_user_id: string
        }
        Returns: Json
      }
      sweep_idle_assignments: {
        Args: never
        Returns: {
          chat_id: string
          operator_id: string
          action: string
          reason: string
        }[]
      }
      update_settings: {
        Args: {
          p_admin_id: string
          p_changes: Json
        }
        Returns: Json
      }
    }
    Enums: { [_ in never]: never }
    CompositeTypes: { [_ in never]: never }
  }
}
